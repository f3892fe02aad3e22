"""Too much before TLS: one line, many commands, many bytes. Each has a limit and an answer."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import PlaintextChosen, UpgradeAccepted
from edge.core.starttls.rules import ClearRules
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import MUST_TLS, MX, NOOP, ONE_EACH, STALWART_SMTP, STARTTLS
from tests.edge.core.starttls.talk import ended, talk

each_protocol = pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)

COMPLAINT = {
    Protocol.SMTP: b"500 5.5.2 Line too long\r\n",
    Protocol.IMAP: b"* BAD Line too long\r\n",
    Protocol.POP3: b"-ERR Line too long\r\n",
    Protocol.SIEVE: b'NO "Line too long"\r\n',
}


def line_of(learnt: Learnt, size: int) -> bytes:
    """A well-formed command of `size` bytes, CRLF included, that the edge answers."""
    start, end = {
        Protocol.SMTP: (b"NOOP ", b"\r\n"),
        Protocol.IMAP: (b'a ID ("', b'")\r\n'),
        Protocol.POP3: (b"USER ", b"\r\n"),
        Protocol.SIEVE: (b'HAVESPACE "', b'"\r\n'),
    }[learnt.protocol]
    return start + b"x" * (size - len(start) - len(end)) + end


@each_protocol
def test_a_line_may_have_4096_bytes(learnt: Learnt) -> None:
    assert talk(learnt, line_of(learnt, 4096)).ending is None
    over = talk(learnt, line_of(learnt, 4097))
    assert over.replies == b""
    assert ended(over).data == COMPLAINT[learnt.protocol]
    assert ended(over).outcome is Outcome.LINE_TOO_LONG


@each_protocol
@pytest.mark.parametrize("read_bytes", [1000, 65536, 1 << 20])
def test_a_megabyte_without_a_line_end(learnt: Learnt, read_bytes: int) -> None:
    dialogue = open_dialogue(learnt, MUST_TLS)
    fed = 0
    while not (events := dialogue.feed(b"x" * read_bytes)):
        fed += read_bytes
        assert len(dialogue._lines.rest()) == fed < 4096
    assert ended(talk(learnt, b"x" * (1 << 20))) == events[-1]


@each_protocol
def test_twenty_commands_and_no_more(learnt: Learnt) -> None:
    noop, starttls = NOOP[learnt.protocol], STARTTLS[learnt.protocol]
    assert isinstance(talk(learnt, noop * 19 + starttls).ending, UpgradeAccepted)
    result = talk(learnt, noop * 20 + starttls)
    assert result.replies == talk(learnt, noop).replies * 20
    assert ended(result).outcome is Outcome.TOO_MANY_COMMANDS


@each_protocol
def test_a_million_commands_cost_twenty_answers(learnt: Learnt) -> None:
    noop = NOOP[learnt.protocol]
    result = talk(learnt, noop * 1_000_000)
    assert result.replies == talk(learnt, noop).replies * 20
    assert ended(result).outcome is Outcome.TOO_MANY_COMMANDS


@each_protocol
def test_64_kib_in_all(learnt: Learnt) -> None:
    longest = line_of(learnt, 4096)
    assert talk(learnt, longest * 16).ending is None
    for reads in ([longest * 17], [longest] * 17):
        result = talk(learnt, *reads)
        assert result.replies == talk(learnt, longest * 16).replies
        assert ended(result).outcome is Outcome.TOO_MUCH_CLEARTEXT


def test_an_mx_counts_the_command_that_goes_on_too() -> None:
    mail = b"MAIL FROM:<>\r\n"
    assert isinstance(
        talk(STALWART_SMTP, b"NOOP\r\n" * 19 + mail, rules=MX).ending, PlaintextChosen
    )
    result = talk(STALWART_SMTP, b"NOOP\r\n" * 20 + mail, rules=MX)
    assert ended(result).outcome is Outcome.TOO_MANY_COMMANDS


def test_limits_are_the_operators() -> None:
    rules = ClearRules(
        hostname="e.example",
        require_tls=True,
        line_limit_bytes=8,
        command_limit=3,
        total_limit_bytes=15,
        unknown_limit=2,
    )

    def outcome(data: bytes) -> Outcome:
        return ended(talk(STALWART_SMTP, data, rules=rules)).outcome

    assert outcome(b"NOOP 67\r\n") is Outcome.LINE_TOO_LONG
    assert outcome(b"NOOP\r\n" * 3) is Outcome.TOO_MUCH_CLEARTEXT
    assert outcome(b"\r\n\r\n") is Outcome.TOO_MANY_COMMANDS
    assert outcome(b"RSET\r\n" * 2 + b"\r\nQUIT\r\n") is Outcome.TOO_MANY_COMMANDS
