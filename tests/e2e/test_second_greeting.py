"""What the backend says when it is dialled after the handshake decides how the session begins.

A refusal, an end of stream or silence becomes the protocol's own goodbye, inside TLS.
"""

import pytest

from tests.support.clear import MAIL_PROTOCOLS, REFUSAL, ClearClient
from tests.support.fake_backend import Conversation, Script
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import ANSWERS, GREETINGS, SIEVE_BEHIND_STARTTLS
from tests.support.stage import Stage


def says(data: bytes) -> Script:
    def script(one: Conversation) -> None:
        one.send(data)
        one.drain()

    return script


def leaves(one: Conversation) -> None:
    """A banned client: the backend closes without a word."""


def resets(one: Conversation) -> None:
    one.reset()


REFUSALS = {
    "smtp": [b"421 4.3.2 too busy\r\n", b"554 5.3.0 no\r\n", b"421-two\r\n421 lines\r\n"],
    "imap": [b"* BYE too busy\r\n", b"* PREAUTH welcome\r\n"],
    "pop3": [b"-ERR too busy\r\n"],
    "sieve": [b'BYE "too busy"\r\n', b'NO "no"\r\n'],
}
WRONG = [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\0\2\2\x28"]
CASES = [
    (protocol, greeting)
    for protocol in MAIL_PROTOCOLS
    for greeting in [*REFUSALS[protocol], *WRONG]
]


@pytest.mark.parametrize(("protocol", "greeting"), CASES)
def test_a_refusal(protocol: str, greeting: bytes, stage: Stage, pki: Pki) -> None:
    said, record = session(protocol, says(greeting), stage, pki)
    assert said.startswith(REFUSAL[protocol]), said
    assert said.count(b"\n") == 1
    assert record["outcome"] == "backend_refused"
    assert record["tls"] is True


@pytest.mark.parametrize("script", [leaves, resets])
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_the_end_of_the_stream(protocol: str, script: Script, stage: Stage, pki: Pki) -> None:
    said, record = session(protocol, script, stage, pki)
    assert said.startswith(REFUSAL[protocol]), said
    assert record["outcome"] == "backend_eof"


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_silence(protocol: str, stage: Stage, pki: Pki) -> None:
    """The listeners of this stage give a greeting two seconds."""
    said, record = session(protocol, says(b""), stage, pki)
    assert said.startswith(REFUSAL[protocol]), said
    assert record["outcome"] == "backend_timeout"


def session(
    protocol: str, script: Script, stage: Stage, pki: Pki
) -> tuple[bytes, dict[str, object]]:
    """All that a client hears inside TLS, up to a proper end, and the closing record."""
    with stage[protocol].play(script), ClearClient(stage[protocol].starttls) as client:
        said = client.upgrade(protocol, pki.client_context(), HOSTNAME).rest()
    return said, stage.edge.closed(client.address)


SPLIT = {
    "smtp": [b"2", b"20-fake", b".example.org\r", b"\n220 ready\r\n"],
    "imap": [b"* ", b"OK fake ready\r", b"\n"],
    "pop3": [b"+OK another <1896.697170952@fake.example.org>\r", b"\n"],
    "sieve": [GREETINGS["sieve"][:20], GREETINGS["sieve"][20:-1], b"\n"],
}


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_a_good_greeting_in_pieces(protocol: str, stage: Stage, pki: Pki) -> None:
    """Swallowed whole, also with an APOP timestamp of its own; forwarded with ManageSieve."""
    command = {"imap": b"a NOOP\r\n"}.get(protocol, b"NOOP\r\n")
    answer = ANSWERS[protocol](command.strip())

    def hesitant(one: Conversation) -> None:
        for piece in SPLIT[protocol]:
            one.send(piece)
        assert one.line() == command
        one.send(answer)
        one.drain()

    with stage[protocol].play(hesitant), ClearClient(stage[protocol].starttls) as client:
        peer = client.upgrade(protocol, pki.client_context(), HOSTNAME)
        peer.send(command)
        expected = (SIEVE_BEHIND_STARTTLS if protocol == "sieve" else b"") + answer
        said = b""
        while len(said) < len(expected):
            said += peer.receive()
        assert said == expected
