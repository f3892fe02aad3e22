"""Lines of the clear phase end in CRLF and nothing else, and there is a limit to all of them.

Otherwise edge and backend could disagree on where a line ends (SMTP smuggling).
"""

import pytest

from tests.support.clear import MAIL_PROTOCOLS, ClearClient
from tests.support.stage import Stage

MALFORMED = {
    "bare-lf": b"NOOP\nSTARTTLS\r\n",
    "bare-cr": b"NOOP\rSTARTTLS\r\n",
    "cr-cr-lf": b"NOOP\r\r\n",
    "nul": b"NO\0OP\r\n",
    "eight-bit": b"NOOP \xc3\xa4\r\n",
}


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
@pytest.mark.parametrize("line", MALFORMED)
def test_malformed(line: str, protocol: str, stage: Stage) -> None:
    tag = b"a " if protocol == "imap" else b""
    said, outcome = talk(stage, protocol, tag + MALFORMED[line])
    assert outcome == "malformed_line"
    assert said.count(b"\n") == 1, said


@pytest.mark.parametrize(
    ("protocol", "line"),
    [("imap", b"a ID ({9+}\r\nb STARTTLS\r\n"), ("sieve", b"NOOP {10+}\r\nSTARTTLS\r\n")],
)
def test_literals(protocol: str, line: bytes, stage: Stage) -> None:
    """A literal would hide a command inside a command."""
    said, outcome = talk(stage, protocol, line)
    assert outcome == "malformed_line"
    assert b"STARTTLS" not in said


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_a_megabyte_without_an_end(protocol: str, stage: Stage) -> None:
    said, outcome = talk(stage, protocol, b"A" * 1_000_000)
    assert outcome == "line_too_long"
    assert said.count(b"\n") <= 1, said


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_a_million_commands(protocol: str, stage: Stage) -> None:
    noop = {"imap": b"a NOOP\r\n", "pop3": b"CAPA\r\n"}.get(protocol, b"NOOP\r\n")
    _, outcome = talk(stage, protocol, noop * 100_000)
    assert outcome in {"too_many_commands", "too_much_cleartext"}


def talk(stage: Stage, protocol: str, data: bytes) -> tuple[bytes, object]:
    """What the edge says to `data` behind its greeting, up to the end, and the outcome."""
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        try:
            client.send(data)
        except ConnectionError:
            # It closed while most of it was still to be sent.
            return b"", stage.edge.closed(client.address)["outcome"]
        said = client.rest()
    outcome = stage.edge.closed(client.address)["outcome"]
    assert scene.clients(client.ip) == []
    return said, outcome
