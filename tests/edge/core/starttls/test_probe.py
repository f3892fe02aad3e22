"""A probe's visit, as dialogues with Stalwart, Dovecot and Postfix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.probe import LearntAll, Probe, ProbeEvent, Said
from edge.errors import ProtocolError
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import ALL
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte

QUESTION = {
    Protocol.SMTP: b"EHLO edge.example.org\r\n",
    Protocol.IMAP: b"a CAPABILITY\r\n",
    Protocol.POP3: b"CAPA\r\n",
}
GOODBYE = {
    Protocol.SMTP: b"QUIT\r\n",
    Protocol.IMAP: b"b LOGOUT\r\n",
    Protocol.POP3: b"QUIT\r\n",
    Protocol.SIEVE: b"LOGOUT\r\n",
}


def greeting_of(learnt: Learnt) -> bytes:
    """How this backend greets in the clear."""
    match learnt.protocol:
        case Protocol.SMTP:
            return b"220 " + learnt.banner + b"\r\n"
        case Protocol.IMAP:
            return b"* OK [CAPABILITY IMAP4rev1 OTHER] " + learnt.banner + b"\r\n"
        case Protocol.POP3:
            return b"+OK " + learnt.banner + b"\r\n"
        case _:
            lines = (*learnt.capabilities, b'OK "' + learnt.banner + b'"', b"")
            return b"\r\n".join(lines)


def answer_of(learnt: Learnt) -> bytes:
    """How it answers the question for its capabilities."""
    match learnt.protocol:
        case Protocol.SMTP:
            first, last = (learnt.ehlo, *learnt.capabilities[:-1]), learnt.capabilities[-1]
            return b"".join(b"250-" + line + b"\r\n" for line in first) + b"250 " + last + b"\r\n"
        case Protocol.IMAP:
            return b"* CAPABILITY " + b" ".join(learnt.capabilities) + b"\r\na OK done\r\n"
        case Protocol.POP3:
            return b"\r\n".join((b"+OK list", *learnt.capabilities, b".", b""))
        case _:
            return b""


def visit(*reads: bytes, expected: Protocol | None = None) -> list[ProbeEvent]:
    probe = Probe(expected, "edge.example.org")
    events: list[ProbeEvent] = []
    for read in reads:
        events += probe.feed(read)
        if events and isinstance(events[-1], LearntAll):
            return events
    return events


@pytest.mark.parametrize("learnt", ALL.values(), ids=ALL.keys())
@pytest.mark.parametrize("is_expected", [True, False])
def test_a_visit(learnt: Learnt, is_expected: bool) -> None:
    protocol = learnt.protocol
    probe = Probe(protocol if is_expected else None, "edge.example.org")
    done = LearntAll(learnt=learnt, goodbye=GOODBYE[protocol])
    if protocol is Protocol.SIEVE:
        assert probe.feed(greeting_of(learnt)) == [done]
    else:
        assert probe.feed(greeting_of(learnt)) == [Said(data=QUESTION[protocol])]
        assert probe.feed(answer_of(learnt)) == [done]
    with pytest.raises(RuntimeError):
        probe.feed(b"")


@pytest.mark.parametrize("learnt", ALL.values(), ids=ALL.keys())
def test_byte_by_byte(learnt: Learnt) -> None:
    data = greeting_of(learnt) + answer_of(learnt)
    assert visit(*each_byte(data)) == visit(data)
    assert isinstance(visit(data)[-1], LearntAll)


def test_another_protocol_than_configured() -> None:
    assert_refused(
        lambda: visit(b"220 mail ESMTP\r\n", expected=Protocol.IMAP),
        "expected imap, the backend greets as smtp",
    )


@pytest.mark.parametrize(
    ("reads", "why"),
    [
        ([b"421 busy\r\n"], "refusal"),
        ([b"* PREAUTH hi\r\n"], "PREAUTH"),
        ([b"* BYE no\r\n"], "refusal"),
        ([b"-ERR no\r\n"], "refusal"),
        ([b"220 mail\r\n", b"550 5.5.0 Invalid EHLO domain.\r\n"], "refused EHLO"),
        ([b"220 (vsFTPd 3.0.3)\r\n", b"530 Please login with USER and PASS.\r\n"], "refused EHLO"),
        ([b"+OK hi\r\n", b"-ERR what\r\n"], "refused CAPA"),
        ([b"* OK hi\r\n", b"a BAD what\r\n"], "did not answer CAPABILITY"),
        ([b"220 mail\r\n", b"250-x\r\n" * 10_000], "more than the limit"),
        ([b"220 mail\r\n", b"250-x\r\n" * 201 + b"250 x\r\n"], "more than 200 capabilities"),
        ([b"220 mail\r\n", b"250-x\r\n250 " + b"x" * 2049 + b"\r\n"], "over 2048 bytes"),
        ([b"220 mail\r\n", b"250 " + b"x" * 513 + b"\r\n"], "over 512 bytes"),
        ([b"220 " + b"x" * 513 + b"\r\n", b"250 x\r\n"], "over 512 bytes"),
        ([b"220 mail\r\n", b"250-x\r\n250 caf\xc3\xa9\r\n"], "no line may hold"),
    ],
)
def test_nothing_to_learn(reads: list[bytes], why: str) -> None:
    assert_refused(lambda: visit(*reads), why)


def test_what_just_fits() -> None:
    reply = b"250-" + b"e" * 512 + b"\r\n" + b"250-x\r\n" * 199 + b"250 " + b"x" * 2048 + b"\r\n"
    event = visit(b"220 " + b"b" * 512 + b"\r\n", reply)[-1]
    assert isinstance(event, LearntAll)
    assert len(event.learnt.capabilities) == 200


def test_the_bounds_hold_honest_servers() -> None:
    sieve = b'"SIEVE" "' + b"x" * 1024 + b'"'
    (event,) = visit(sieve + b"\r\n" + b'"VERSION" "1.0"\r\n' * 199 + b"OK\r\n")
    assert isinstance(event, LearntAll)
    assert event.learnt.capabilities[0] == sieve


@given(
    st.lists(
        st.one_of(
            st.sampled_from([greeting_of(learnt) for learnt in ALL.values()]),
            st.sampled_from([answer_of(learnt) for learnt in ALL.values()]),
            st.binary(max_size=4),
        ),
        max_size=4,
    )
)
def test_events_or_a_refusal_in_any_segmentation(reads: list[bytes]) -> None:
    def run(*parts: bytes) -> list[ProbeEvent] | Outcome:
        try:
            return visit(*parts)
        except ProtocolError as error:
            return error.outcome

    data = b"".join(reads)
    whole = run(data)
    assert run(*reads) == whole
    assert run(*each_byte(data)) == whole
    assert whole is Outcome.BACKEND_REFUSED or isinstance(whole, list)
