"""A backend that closes, breaks off or dawdles at each stage of a session.

Before its greeting is whole the client gets a refusal in its protocol, inside TLS; after it the
client gets exactly the bytes that came, and an end that tells an orderly close (close_notify) from
a broken one (none). A slow greeting is waited for until the deadline of `timeouts.greeting`.
"""

import threading
from contextlib import ExitStack

import pytest

from tests.support.clear import MAIL_PROTOCOLS, REFUSAL, ClearClient
from tests.support.fake_backend import Conversation, Script
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import GREETINGS, greet_and
from tests.support.stage import GREETING_TIMEOUT_S, Stage
from tests.support.tls_peer import TlsPeer, TruncatedError

ENDS = ["closes", "resets"]
HALF_A_REPLY = b"250-fake.exam"


def ended(one: Conversation, how: str) -> None:
    """Closing is the default at the end of a script."""
    if how == "resets":
        one.reset()


def upgraded(client: ClearClient, protocol: str, mode: str, pki: Pki) -> TlsPeer:
    context = pki.client_context()
    if mode == "tls":
        return client.tls(context, HOSTNAME)
    return client.upgrade(protocol, context, HOSTNAME)


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_after_the_header(protocol: str, mode: str, how: str, stage: Stage, pki: Pki) -> None:
    role = stage[protocol]
    with (
        role.play(lambda one: ended(one, how)),
        ClearClient(role.port(mode)) as client,
    ):
        words = upgraded(client, protocol, mode, pki).rest()
    assert words.startswith(REFUSAL[protocol]), words
    assert stage.edge.closed(client.address)["outcome"] == "backend_eof"


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_in_the_middle_of_the_greeting(protocol: str, how: str, stage: Stage, pki: Pki) -> None:
    """Behind STARTTLS the edge reads the greeting, so half of one is none."""

    def script(one: Conversation) -> None:
        one.send(GREETINGS[protocol][:-7])
        ended(one, how)

    role = stage[protocol]
    with role.play(script), ClearClient(role.starttls) as client:
        words = upgraded(client, protocol, "starttls", pki).rest()
    assert words.startswith(REFUSAL[protocol]), words
    assert stage.edge.closed(client.address)["outcome"] == "backend_eof"


def test_half_a_greeting_passes_untouched_with_implicit_tls(stage: Stage, pki: Pki) -> None:
    role = stage["smtp"]
    with role.play(lambda one: one.send(b"220 fake.exa")), ClearClient(role.tls) as client:
        assert upgraded(client, "smtp", "tls", pki).rest() == b"220 fake.exa"
    assert stage.edge.closed(client.address)["outcome"] == "backend_closed"


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_closes_after_the_greeting(protocol: str, stage: Stage, pki: Pki) -> None:
    role = stage[protocol]
    with role.play(greet_and(protocol, lambda one: None)), ClearClient(role.tls) as client:
        assert upgraded(client, protocol, "tls", pki).rest() == GREETINGS[protocol]
    assert stage.edge.closed(client.address)["outcome"] == "backend_closed"


def test_closes_in_the_middle_of_a_reply(stage: Stage, pki: Pki) -> None:
    def script(one: Conversation) -> None:
        one.line()
        one.send(HALF_A_REPLY)

    role = stage["smtp"]
    with role.play(greet_and("smtp", script)), ClearClient(role.starttls) as client:
        peer = upgraded(client, "smtp", "starttls", pki)
        peer.send(b"EHLO client.example.org\r\n")
        assert peer.rest() == HALF_A_REPLY
    record = stage.edge.closed(client.address)
    assert record["outcome"] == "backend_closed"
    assert record["bytes_out"] == len(HALF_A_REPLY)


def test_resets_in_the_middle_of_a_reply(stage: Stage, pki: Pki) -> None:
    """The client has what came before, and no close_notify: it cannot take that for all."""
    has_come = threading.Event()

    def script(one: Conversation) -> None:
        one.line()
        one.send(HALF_A_REPLY)
        assert has_come.wait(10)
        one.reset()

    role = stage["smtp"]
    with role.play(greet_and("smtp", script)), ClearClient(role.starttls) as client:
        peer = upgraded(client, "smtp", "starttls", pki)
        peer.send(b"EHLO client.example.org\r\n")
        assert peer.receive() == HALF_A_REPLY
        has_come.set()
        with pytest.raises((ConnectionResetError, TruncatedError)):
            peer.receive()
    assert stage.edge.closed(client.address)["outcome"] == "backend_aborted"


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_greeting_in_single_bytes(protocol: str, stage: Stage, pki: Pki) -> None:
    answered = b"answer of the backend\r\n"

    def script(one: Conversation) -> None:
        for byte in GREETINGS[protocol]:
            one.send(bytes([byte]))
        one.line()
        one.send(answered)

    role = stage[protocol]
    with role.play(script), ClearClient(role.starttls) as client:
        peer = upgraded(client, protocol, "starttls", pki)
        peer.send(b"a line\r\n")
        # ManageSieve repeats the capabilities; with the others the greeting is swallowed whole.
        assert peer.rest().endswith(answered)
    assert stage.edge.closed(client.address)["outcome"] == "backend_closed"


def half_greeting(protocol: str) -> Script:
    def script(one: Conversation) -> None:
        one.send(GREETINGS[protocol][:-7])
        one.drain()

    return script


def test_no_whole_greeting_in_time(stage: Stage, pki: Pki) -> None:
    """Nothing at all, and half of it: all clients at the same time, to spare the wait."""
    waiting: list[tuple[str, ClearClient, TlsPeer, Conversation]] = []
    with ExitStack() as stack:
        for protocol in MAIL_PROTOCOLS:
            role = stage[protocol]
            for script in (Conversation.drain, half_greeting(protocol)):
                with role.play(script) as scene:
                    client = stack.enter_context(ClearClient(role.starttls))
                    peer = upgraded(client, protocol, "starttls", pki)
                    waiting.append((protocol, client, peer, scene.client()))
        for protocol, client, peer, conversation in waiting:
            words = peer.rest()
            assert words.startswith(REFUSAL[protocol]), words
            conversation.wait_end()
            client.sock.close()
            record = stage.edge.closed(client.address)
            assert record["outcome"] == "backend_timeout"
            duration_ms = record["duration_ms"]
            assert isinstance(duration_ms, float)
            # Deadlines are kept in steps of a quarter of a second.
            assert 0 <= duration_ms / 1000 - GREETING_TIMEOUT_S < 1.5
