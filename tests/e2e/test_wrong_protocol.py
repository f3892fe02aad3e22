"""Bytes of another protocol end a connection at once, with at most one line or one alert.

Nothing that was sent comes back (ALPACA), no backend is dialled, and the process lives on.
"""

import random

import pytest

from tests.support.clear import MAIL_PROTOCOLS, ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.proxy_header import make_header
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

HTTP = b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: mail.example.org\r\n\r\n"
# X.224 connection request with an RDP cookie and negotiation, MS-RDPBCGR 2.2.1.1
RDP = (
    bytes.fromhex("0300002b26e00000000000")
    + b"Cookie: mstshash=a\r\n"
    + bytes.fromhex("0100080003000000")
)
TALK = {
    "http-get": HTTP,
    "http-post": HTTP.replace(b"GET", b"POST"),
    "http-connect": b"CONNECT example.org:25 HTTP/1.0\r\n\r\n",
    "rdp": RDP,
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "random": random.Random(1).randbytes(500),
    "ff": b"\xff" * 500,
    "nul": b"\0" * 500,
    "proxy-v2": make_header(("192.0.2.1", 1), ("192.0.2.2", 25), tls=True) + b"\r\n",
}
CLEAR_OUTCOMES = {"wrong_protocol", "malformed_line"}


@pytest.mark.parametrize("talk", [*TALK, "client-hello"])
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_on_a_clear_port(protocol: str, talk: str, stage: Stage, pki: Pki) -> None:
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        hello = TlsPeer(client.sock, pki.client_context(), HOSTNAME).first_flight()
        client.send(TALK.get(talk, hello))
        said = client.rest()
    record = stage.edge.closed(client.address)
    assert record["outcome"] in CLEAR_OUTCOMES
    if talk in {"http-get", "http-post", "client-hello", "rdp", "ssh"}:
        assert record["outcome"] == "wrong_protocol"
    # The signature of PROXY v2 begins with two empty lines, each of which is answered.
    assert said.count(b"\n") <= (3 if talk == "proxy-v2" else 1), said
    assert b"script" not in said
    assert scene.clients(client.ip) == []


@pytest.mark.parametrize("talk", TALK)
@pytest.mark.parametrize("protocol", [*MAIL_PROTOCOLS, "raw"])
def test_on_a_tls_port(protocol: str, talk: str, stage: Stage) -> None:
    port = stage.raw if protocol == "raw" else stage[protocol].tls
    with ClearClient(port) as client:
        client.send(TALK[talk])
        said = client.rest()
    record = stage.edge.closed(client.address)
    assert (record["outcome"], record["tls"]) == ("wrong_protocol", False)
    # One fatal alert record (RFC 8446 section 6), nothing else.
    assert said[:2] == b"\x15\x03", said
    assert len(said) == 7
    assert said[5] == 2


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_proxy_v1_is_not_believed(protocol: str, stage: Stage) -> None:
    """A public listener never parses a PROXY header: to SMTP it is an unknown command."""
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.send(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n")
        line = client.line()
        address = client.address
    assert line.startswith({"smtp": b"5", "imap": b"* BAD", "pop3": b"-ERR"}.get(protocol, b"NO"))
    assert stage.edge.closed(address)["client_ip"] == address[0]
