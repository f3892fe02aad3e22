"""The gate after the handshake: which greetings open it, and what passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import Protocol
from edge.core.starttls.gate import Gate
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte

SIEVE = b'"IMPLEMENTATION" "x"\r\n"SASL" "PLAIN"\r\nOK "ready"\r\n'

OPENING = [
    (Protocol.SMTP, b"220 mail.example.org Stalwart ESMTP at your service\r\n", b""),
    (Protocol.SMTP, b"220\r\n", b""),
    (Protocol.SMTP, b"220-mail.example.org\r\n220-rules\r\n220 go\r\n", b""),
    (Protocol.IMAP, b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b""),
    (Protocol.IMAP, b"* OK\r\n", b""),
    (Protocol.POP3, b"+OK ready <1.2@a>\r\n", b""),
    (Protocol.POP3, b"+OK\r\n", b""),
    (Protocol.SIEVE, SIEVE, SIEVE),
]


def run(protocol: Protocol, *reads: bytes) -> bytes | NeedMore | Outcome:
    """All that passes: what opened the gate, and the reads behind it."""
    gate = Gate(protocol)
    for number, read in enumerate(reads, start=1):
        try:
            passed = gate.feed(read)
        except ProtocolError as error:
            return error.outcome
        if passed is not NEED_MORE:
            return passed + b"".join(reads[number:])
    return NEED_MORE


@pytest.mark.parametrize(("protocol", "greeting", "passed"), OPENING)
@pytest.mark.parametrize("behind", [b"", b"* 1 EXISTS\r\n", b"\0\xff\n"])
def test_a_good_greeting(protocol: Protocol, greeting: bytes, passed: bytes, behind: bytes) -> None:
    assert run(protocol, greeting + behind) == passed + behind
    assert run(protocol, *each_byte(greeting + behind)) == passed + behind


@pytest.mark.parametrize(("protocol", "greeting", "passed"), OPENING)
def test_every_beginning_needs_more(protocol: Protocol, greeting: bytes, passed: bytes) -> None:
    assert [run(protocol, greeting[:size]) for size in range(1, len(greeting))] == [NEED_MORE] * (
        len(greeting) - 1
    )


@pytest.mark.parametrize(("protocol", "greeting", "passed"), OPENING)
def test_an_open_gate_takes_no_more(protocol: Protocol, greeting: bytes, passed: bytes) -> None:
    gate = Gate(protocol)
    gate.feed(greeting)
    with pytest.raises(RuntimeError):
        gate.feed(b"x")


@pytest.mark.parametrize("protocol", [Protocol.SMTP, Protocol.IMAP, Protocol.POP3, Protocol.SIEVE])
def test_another_protocols_greeting(protocol: Protocol) -> None:
    for other, greeting, _ in OPENING:
        if other is not protocol:
            assert_refused(lambda data=greeting: Gate(protocol).feed(data), f"expected {protocol}")


def test_the_greeting_is_bounded() -> None:
    assert_refused(lambda: Gate(Protocol.SMTP).feed(b"220 " + b"x" * 8192 + b"\r\n"))
    assert_refused(lambda: Gate(Protocol.SMTP).feed(b"220-x\r\n" * 10_000))
    assert_refused(lambda: Gate(Protocol.SIEVE).feed(b'"A" "x"\r\n' * 10_000))


@given(
    protocol=st.sampled_from([item for item, _, _ in OPENING]),
    reads=st.lists(
        st.one_of(
            st.sampled_from([greeting for _, greeting, _ in OPENING]),
            st.sampled_from([b"421 no\r\n", b"* BYE no\r\n", b"220-", b"\r\n", b"\n"]),
            st.binary(max_size=4),
        ),
        max_size=4,
    ),
)
def test_bytes_need_more_or_a_refusal_in_any_segmentation(
    protocol: Protocol, reads: list[bytes]
) -> None:
    data = b"".join(reads)
    whole = run(protocol, data)
    assert run(protocol, *reads) == whole
    assert run(protocol, *each_byte(data)) == whole
    assert whole in (NEED_MORE, Outcome.BACKEND_REFUSED) or isinstance(whole, bytes)
