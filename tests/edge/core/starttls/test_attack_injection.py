"""Plaintext command injection (CVE-2011-0411): bytes behind STARTTLS must never count as TLS.

A tail in a later read arrives after the go-ahead: those bytes belong to the TLS layer, and the
dialogue must be unable to take them.
"""

import dataclasses

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import Ended, UpgradeAccepted
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import MUST_TLS, MX, NOOP, ONE_EACH, STARTTLS
from tests.edge.core.starttls.talk import each_byte, ended, talk

REFUSAL = {
    Protocol.SMTP: b"501 5.5.2 Nothing may follow STARTTLS before TLS\r\n",
    Protocol.IMAP: b"a1 BAD Nothing may follow STARTTLS before TLS\r\n",
    Protocol.POP3: b"-ERR Nothing may follow STLS before TLS\r\n",
    Protocol.SIEVE: b'NO "Nothing may follow STARTTLS before TLS"\r\n',
}
CLIENT_HELLO = b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03" + b"\xaa" * 242
TAILS = [b"\n", b"\r", b"\0", b"\r\n", b"INJECTED\r\n", CLIENT_HELLO, b"x" * 65536, b"N"]

each_protocol = pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
each_rules = pytest.mark.parametrize("rules", [MUST_TLS, MX], ids=["must-tls", "mx"])


@each_protocol
@each_rules
@pytest.mark.parametrize("tail", TAILS)
def test_a_tail_in_the_same_read(learnt: Learnt, rules: object, tail: bytes) -> None:
    result = talk(learnt, STARTTLS[learnt.protocol] + tail, rules=rules)
    assert result.replies == b""
    assert result.ending == Ended(
        data=REFUSAL[learnt.protocol],
        outcome=Outcome.STARTTLS_INJECTION,
        detail="bytes behind STARTTLS",
    )


@each_protocol
def test_a_harmless_command_as_tail_is_not_answered(learnt: Learnt) -> None:
    noop = NOOP[learnt.protocol]
    result = talk(learnt, noop + STARTTLS[learnt.protocol] + noop)
    assert result.replies == talk(learnt, noop).replies
    assert ended(result).outcome is Outcome.STARTTLS_INJECTION


@each_protocol
def test_starttls_twice_is_a_tail(learnt: Learnt) -> None:
    result = talk(learnt, STARTTLS[learnt.protocol] * 2)
    assert ended(result).outcome is Outcome.STARTTLS_INJECTION


@each_protocol
@pytest.mark.parametrize("cut", [1, 4, -3, -2, -1])
def test_a_tail_counts_however_starttls_itself_is_cut(learnt: Learnt, cut: int) -> None:
    line = STARTTLS[learnt.protocol]
    result = talk(learnt, line[:cut], line[cut:] + b"x")
    assert ended(result).outcome is Outcome.STARTTLS_INJECTION


@each_protocol
def test_a_tail_in_a_later_read_is_never_taken(learnt: Learnt) -> None:
    dialogue = open_dialogue(learnt, MUST_TLS)
    (event,) = dialogue.feed(STARTTLS[learnt.protocol])
    assert isinstance(event, UpgradeAccepted)
    with pytest.raises(RuntimeError):
        dialogue.feed(NOOP[learnt.protocol])


@each_protocol
def test_nothing_is_kept_across_the_upgrade(learnt: Learnt) -> None:
    dialogue = open_dialogue(learnt, MUST_TLS)
    for byte in each_byte(STARTTLS[learnt.protocol]):
        events = dialogue.feed(byte)
    assert isinstance(events[-1], UpgradeAccepted)
    assert dialogue._lines.rest() == b""


@each_protocol
def test_the_go_ahead_is_exactly_one_line(learnt: Learnt) -> None:
    """Also against response injection: an upgrade cannot carry anything else to the client."""
    (event,) = open_dialogue(learnt, MUST_TLS).feed(STARTTLS[learnt.protocol])
    assert [field.name for field in dataclasses.fields(event)] == ["data"]
    assert event.data.count(b"\r\n") == 1
    assert event.data.endswith(b"\r\n")
