"""What holds for all four dialogues, whatever the client sends and however it is cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import Ended, PlaintextChosen, UpgradeAccepted
from edge.core.starttls.rules import ClearRules
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import (
    ALL,
    MUST_TLS,
    MX,
    NOOP,
    ONE_EACH,
    STALWART_SMTP,
    STARTTLS,
)
from tests.edge.core.starttls.talk import Talk, each_byte, ended, talk

OUTPUT = re.compile(rb"(?:[\x20-\x7e]*\r\n)*")

WORDS = st.sampled_from(
    b"EHLO HELO NOOP RSET QUIT STARTTLS STLS MAIL RCPT DATA BDAT AUTH XCLIENT CAPA CAPABILITY "
    b"LOGOUT ID NIL LOGIN AUTHENTICATE USER PASS a1 a2 * ( ) {3} {3+} PLAIN FROM:<a@b> x.example "
    b"GET POST SSH-2.0 AGFiYwBzZWNyZXQ= .".split()
)
NOISE = st.sampled_from([b"\r", b"\n", b"\0", b"\xff", b"\x16\x03", b"\x16", b"\x03", b'"', b"\t"])
COMMANDS = st.sampled_from([b" ", b"\r\n", b"\r\n", *STARTTLS.values(), *NOOP.values()])
READS = st.lists(st.one_of(WORDS, COMMANDS, COMMANDS, NOISE, st.binary(max_size=3)), max_size=40)

TIGHT = {"line_limit_bytes": 24, "command_limit": 4, "total_limit_bytes": 40}
RULES = st.sampled_from(
    [
        MUST_TLS,
        MX,
        ClearRules(hostname="edge.example.org", require_tls=True, **TIGHT),
        ClearRules(hostname="edge.example.org", require_tls=False, **TIGHT),
    ]
)
LEARNT = st.sampled_from(list(ALL.values()))


def assert_same_session(finer: Talk, coarser: Talk) -> None:
    """Both saw the same bytes, `coarser` in larger reads.

    Everything is equal, with the two exceptions that are the point of the design: STARTTLS with
    bytes behind it in its read is an injection, without them an upgrade; and bytes behind the
    first command of a plaintext session are pending when they are there already.
    """
    assert finer.replies == coarser.replies
    match finer.ending, coarser.ending:
        case UpgradeAccepted(), Ended(outcome=Outcome.STARTTLS_INJECTION):
            assert finer.unfed
        case PlaintextChosen(opening=early), PlaintextChosen(opening=late):
            assert early.ehlo == late.ehlo
            assert early.pending + finer.unfed == late.pending + coarser.unfed
        case _:
            assert finer.ending == coarser.ending


@given(learnt=LEARNT, rules=RULES, reads=READS)
def test_segmentation_does_not_matter(
    learnt: Learnt, rules: ClearRules, reads: list[bytes]
) -> None:
    data = b"".join(reads)
    whole = talk(learnt, data, rules=rules)
    cut = talk(learnt, *reads, rules=rules)
    by_byte = talk(learnt, *each_byte(data), rules=rules)
    assert_same_session(by_byte, cut)
    assert_same_session(by_byte, whole)
    assert_same_session(cut, whole)


@given(learnt=LEARNT, rules=RULES, reads=READS)
def test_output_is_printable_crlf_lines(
    learnt: Learnt, rules: ClearRules, reads: list[bytes]
) -> None:
    assert OUTPUT.fullmatch(open_dialogue(learnt, rules).greeting())
    assert OUTPUT.fullmatch(talk(learnt, *reads, rules=rules).written)


@given(learnt=LEARNT, reads=READS)
def test_tls_required_means_no_byte_is_handed_on(learnt: Learnt, reads: list[bytes]) -> None:
    assert not isinstance(talk(learnt, *reads).ending, PlaintextChosen)


@given(reads=READS)
def test_an_opening_holds_only_what_the_client_sent(reads: list[bytes]) -> None:
    result = talk(STALWART_SMTP, *reads, rules=MX)
    if isinstance(result.ending, PlaintextChosen):
        opening = result.ending.opening
        fed = b"".join(reads).removesuffix(result.unfed)
        assert fed.endswith(opening.pending)
        assert opening.ehlo is None or opening.ehlo in fed.removesuffix(opening.pending)


@given(learnt=LEARNT, rules=RULES, reads=READS)
def test_memory_is_one_unfinished_line(
    learnt: Learnt, rules: ClearRules, reads: list[bytes]
) -> None:
    dialogue = open_dialogue(learnt, rules)
    for read in reads:
        if any(
            isinstance(event, UpgradeAccepted | PlaintextChosen | Ended)
            for event in dialogue.feed(read)
        ):
            return
        assert len(dialogue._lines.rest()) < rules.line_limit_bytes


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_replies_of_one_read_are_one_event(learnt: Learnt) -> None:
    noop = NOOP[learnt.protocol]
    events = open_dialogue(learnt, MUST_TLS).feed(noop * 3)
    assert len(events) == 1
    assert events[0].data == talk(learnt, noop).replies * 3


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_nothing_may_be_fed_after_the_end(learnt: Learnt) -> None:
    dialogue = open_dialogue(learnt, MUST_TLS)
    assert isinstance(dialogue.feed(STARTTLS[learnt.protocol])[-1], UpgradeAccepted)
    with pytest.raises(RuntimeError):
        dialogue.feed(b"")


@pytest.mark.parametrize(
    ("protocol", "line", "data"),
    [
        (Protocol.SMTP, b"FOO\r\n", b"421 4.7.0 edge.example.org Too many commands before TLS\r\n"),
        (Protocol.IMAP, b"a FOO\r\n", b"* BYE Too many commands before TLS\r\n"),
        (Protocol.POP3, b"FOO\r\n", b"-ERR Too many commands before TLS\r\n"),
        (Protocol.SIEVE, b"FOO\r\n", b'BYE "Too many commands before TLS"\r\n'),
    ],
)
def test_the_third_unknown_command_is_the_last(
    protocol: Protocol, line: bytes, data: bytes
) -> None:
    learnt = next(learnt for learnt in ONE_EACH if learnt.protocol is protocol)
    two = talk(learnt, line, NOOP[protocol], line)
    assert two.ending is None
    three = talk(learnt, line, NOOP[protocol], line, line)
    assert three.replies == two.replies
    assert ended(three) == Ended(
        data=data, outcome=Outcome.TOO_MANY_COMMANDS, detail="too many unknown commands"
    )
