"""Plaintext behind STARTTLS never becomes part of the TLS session (CVE-2011-0411).

In the same segment it is refused and recorded. Behind the go-ahead it belongs to TLS, where it is
no ClientHello. In between, it is one or the other. The backend never sees any of it.
"""

import select
from collections.abc import Mapping

import pytest

from tests.support.clear import GO_AHEAD, MAIL_PROTOCOLS, STARTTLS, ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

ERROR: Mapping[str, bytes] = {
    "smtp": b"501 5.5.2",
    "imap": b"s BAD",
    "pop3": b"-ERR",
    "sieve": b"NO",
}
TAILS = {
    "one-byte": b"\n",
    "noop": b"NOOP\r\n",
    "login": b"x LOGIN mallory secret\r\nEHLO x\r\nMAIL FROM:<mallory@example.org>\r\n",
    "64k": b"A" * 65536,
}


@pytest.mark.parametrize("tail", [*TAILS, "client-hello"])
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_in_the_same_segment(protocol: str, tail: str, stage: Stage, pki: Pki) -> None:
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        hello = TlsPeer(client.sock, pki.client_context(), HOSTNAME).first_flight()
        client.send(STARTTLS[protocol] + TAILS.get(tail, hello))
        answer = client.line()
        assert answer.startswith(ERROR[protocol]), answer
        rest = client.rest()
        assert b"\x16\x03" not in rest
        assert rest.count(b"\n") <= 1, "at most a farewell"
    record = stage.edge.closed(client.address)
    assert (record["outcome"], record["tls"]) == ("starttls_injection", False)
    assert scene.clients(client.ip) == []


@pytest.mark.parametrize("delay_ms", [0, 1, 10, 50])
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_in_a_later_segment(protocol: str, tail: str, delay_ms: int, stage: Stage) -> None:
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.send(STARTTLS[protocol])
        # The tail follows when the go-ahead has come, or earlier, after the delay.
        select.select([client.sock], [], [], delay_ms / 1000)
        client.send(TAILS[tail])
        said = client.rest()
    record = stage.edge.closed(client.address)
    if record["outcome"] == "starttls_injection":
        assert said.startswith(ERROR[protocol]), said
    else:
        assert record["outcome"] in {"hello_invalid", "wrong_protocol"}
        line, _, behind = said.partition(b"\r\n")
        assert line.startswith(GO_AHEAD[protocol]), said
        # A TLS alert, or nothing; never an answer to what was injected.
        assert behind[:1] in {b"", b"\x15"}, said
    assert record["tls"] is False
    assert scene.clients(client.ip) == []


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_nothing_said_before_tls_is_answered_in_it(protocol: str, stage: Stage, pki: Pki) -> None:
    """Commands pipelined before STARTTLS are answered before it; the backend hears of none."""
    harmless = {"smtp": b"NOOP", "imap": b"n NOOP", "pop3": b"CAPA", "sieve": b"NOOP"}[protocol]
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.send(harmless + b"\r\n" + STARTTLS[protocol])
        answers = client.line()
        while not answers.splitlines()[-1].startswith(b"." if protocol == "pop3" else b""):
            answers += client.line()
        go_ahead = client.line()
        assert go_ahead.startswith(GO_AHEAD[protocol]), (answers, go_ahead)
        peer = client.tls(pki.client_context(), HOSTNAME)
        if protocol == "sieve":
            while not peer.line().startswith(b"OK"):
                pass
        peer.send(b"z LOGOUT\r\n" if protocol == "imap" else b"QUIT\r\n")
        last = peer.line()
        assert last.startswith(
            {"smtp": b"221", "imap": b"* BYE", "pop3": b"+OK"}.get(protocol, b"OK")
        )
    assert bytes(scene.client(client.ip).received) in {b"z LOGOUT\r\n", b"QUIT\r\n"}
