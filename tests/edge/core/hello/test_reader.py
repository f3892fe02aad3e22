"""From segments and records to one message: every cut gives the same hello, or a clean refusal."""

import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.hello.reader import HELLO_LIMIT_BYTES, HelloReader, whole_hello
from edge.errors import NEED_MORE, ProtocolError
from edge.outcome import Outcome
from tests.edge.core.hello.handmade import (
    PADDING,
    body,
    chrome_like,
    each_byte,
    message,
    record,
    records,
    sni,
)
from tests.edge.core.hello.reading import CLIENT_HELLOS, hello_of, outcome_of, read, read_each

HELLO = message(body(sni(b"mail.example.org")))
WIRE = record(HELLO)
OVERSIZE = record(b"\x01\xff\xff\xff")


def padded(message_bytes: int) -> bytes:
    """A handshake message of exactly so many bytes."""
    bare = len(message(body((PADDING, b""))))
    return message(body((PADDING, bytes(message_bytes - bare))))


@pytest.mark.parametrize("wire", CLIENT_HELLOS.values(), ids=CLIENT_HELLOS)
def test_the_first_beginning_that_suffices_is_the_hello(wire: bytes) -> None:
    hello_bytes = 5 + int.from_bytes(wire[3:5], "big")
    assert read(wire[: hello_bytes - 1]) is NEED_MORE
    assert read(wire[:hello_bytes]) == read(wire)


@pytest.mark.parametrize("wire", CLIENT_HELLOS.values(), ids=CLIENT_HELLOS)
def test_views_are_read_as_bytes_are(wire: bytes) -> None:
    buffer = bytearray(wire)
    whole, halves = HelloReader(), HelloReader()
    view = memoryview(buffer)
    expected = whole_hello(wire)
    assert halves.feed(view[:100]) is NEED_MORE
    assert whole.feed(view) == halves.feed(view[100:]) == expected


@pytest.mark.parametrize("wire", CLIENT_HELLOS.values(), ids=CLIENT_HELLOS)
def test_the_short_way_and_the_reader_agree(wire: bytes) -> None:
    hello_bytes = 5 + int.from_bytes(wire[3:5], "big")
    assert whole_hello(wire) == whole_hello(wire + b"more") == HelloReader().feed(wire)
    assert whole_hello(wire[: hello_bytes - 1]) is None
    assert whole_hello(wire, limit_bytes=hello_bytes - 1) is None


@given(at=st.integers(0, len(WIRE) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(WIRE)))
def test_the_short_way_knows_nothing_that_the_reader_does_not(at: int, byte: int, cut: int) -> None:
    """A flipped byte, a cut: it says what the reader says, or leaves it to the reader."""
    wire = (WIRE[:at] + bytes([byte]) + WIRE[at + 1 :])[:cut]
    short = whole_hello(wire)
    assert short is None or HelloReader().feed(wire) == short


def test_the_hello_keeps_nothing_of_the_buffer() -> None:
    buffer = bytearray(WIRE)
    with memoryview(buffer) as view:
        hello = HelloReader().feed(view)
    buffer[:] = bytes(len(buffer))
    assert hello == whole_hello(WIRE)


def test_nothing_is_need_more() -> None:
    assert read(b"") is NEED_MORE
    assert read(b"", b"", WIRE) == hello_of(WIRE)


@pytest.mark.parametrize(
    "tail",
    [b"\x00", record(b"\x01", kind=20), b"GET / HTTP/1.1\r\n", record(HELLO), bytes(200_000)],
    ids=["byte", "change cipher spec", "text", "hello", "more than the limit"],
)
def test_what_follows_the_hello_is_ignored(tail: bytes) -> None:
    assert read(WIRE + tail) == hello_of(WIRE)
    assert read(WIRE[:7], WIRE[7:] + tail) == hello_of(WIRE)


def test_a_message_behind_the_hello_in_its_record_is_ignored() -> None:
    wire = record(HELLO + message(b"", kind=4))
    assert read(wire) == read_each(each_byte(wire)) == read(wire[:7], wire[7:]) == hello_of(WIRE)


@pytest.mark.parametrize(
    "first", [b"\x15", b"\x17", b"\x14", b"\x80\x2e\x01", b"GET / HTTP/1.1\r\n", b"\x00", b"\xff"]
)
def test_another_first_byte_is_another_protocol(first: bytes) -> None:
    assert outcome_of(first) is Outcome.WRONG_PROTOCOL
    assert outcome_of(first[:1] + WIRE[1:]) is Outcome.WRONG_PROTOCOL


INVALID = {
    "SSLv2 version in the record": b"\x16\x02",
    "record version 0x16": b"\x16\x16\x03",
    "empty record": record(b""),
    "record of 2**14 + 1": record(bytes(2**14 + 1))[:5],
    "ServerHello": record(message(b"", kind=2))[:6],
    "HelloRequest": record(message(b"", kind=0)),
    "empty ClientHello": record(message(b"")),
    "a hello in a record of more than 2**14": record(HELLO + bytes(2**14)),
    "record longer than its hello, which lies": record(message(HELLO[4:-1]) + b"\x00" * 9),
}


@pytest.mark.parametrize("wire", INVALID.values(), ids=INVALID)
def test_a_broken_beginning_is_refused_at_once(wire: bytes) -> None:
    assert outcome_of(wire) is Outcome.HELLO_INVALID
    assert read_each(each_byte(wire)) == read(wire)


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0303, 0x0304, 0x03FF])
def test_any_record_version_of_major_3_is_taken(version: int) -> None:
    """RFC 8446 section 5.1: "MUST be ignored for all purposes"."""
    assert read(record(HELLO, version=version)) == hello_of(WIRE)


def test_a_hello_may_fill_the_limit() -> None:
    wire = records(padded(HELLO_LIMIT_BYTES - 4 * 5))
    assert len(wire) == HELLO_LIMIT_BYTES
    hello = hello_of(wire)
    assert hello.extensions == (PADDING,)
    assert read_each(each_byte(wire)) == hello


def test_one_byte_over_the_limit_is_refused() -> None:
    wire = records(padded(HELLO_LIMIT_BYTES - 4 * 5 + 1))
    assert len(wire) == HELLO_LIMIT_BYTES + 1
    assert outcome_of(wire) is Outcome.HELLO_TOO_LARGE
    assert read(wire[:HELLO_LIMIT_BYTES]) is NEED_MORE
    assert read_each(each_byte(wire)) == read(wire)


@pytest.mark.parametrize("announced", [HELLO_LIMIT_BYTES, 2**24 - 1])
def test_a_hello_that_announces_too_much_is_refused_before_it_comes(announced: int) -> None:
    header = record(b"\x01" + announced.to_bytes(3, "big"))
    assert outcome_of(header) is Outcome.HELLO_TOO_LARGE
    assert read_each(each_byte(header)) == read(header)


@pytest.mark.parametrize("wire", [WIRE, records(HELLO, 10)], ids=["one record", "many"])
def test_a_listener_may_set_a_lower_limit(wire: bytes) -> None:
    def fed(limit_bytes: int, parts: Iterable[bytes]) -> object:
        return read_each(parts, HelloReader(limit_bytes=limit_bytes))

    for limit_bytes in range(len(wire) - 20, len(wire) + 1):
        expected = hello_of(wire) if limit_bytes == len(wire) else Outcome.HELLO_TOO_LARGE
        for result in (fed(limit_bytes, [wire]), fed(limit_bytes, each_byte(wire))):
            assert (result[0] if isinstance(result, tuple) else result) == expected
        announcement = record(b"\x01" + limit_bytes.to_bytes(3, "big"))
        assert fed(limit_bytes, [announcement]) == read(OVERSIZE)


def test_memory_stays_below_the_limit_however_it_comes() -> None:
    wire = records(padded(HELLO_LIMIT_BYTES - 4 * 5 + 1))[:HELLO_LIMIT_BYTES]
    tracemalloc.start()
    try:
        reader = HelloReader()
        for part in each_byte(wire):
            assert reader.feed(part) is NEED_MORE
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The hello once, and what a growing buffer allocates ahead (and copies while it grows).
    assert peak_bytes < 3 * HELLO_LIMIT_BYTES


def test_a_hybrid_key_share_over_two_segments() -> None:
    wire = record(message(chrome_like()))
    assert len(wire) > 1460
    assert read(wire[:1460], wire[1460:]) == hello_of(wire)


def test_a_smaller_limit_is_kept() -> None:
    """A limit of exactly its size, and one of a byte less."""
    wire = WIRE
    assert HelloReader(limit_bytes=len(wire)).feed(wire) is not NEED_MORE
    with pytest.raises(ProtocolError) as caught:
        HelloReader(limit_bytes=len(wire) - 1).feed(wire)
    assert caught.value.outcome is Outcome.HELLO_TOO_LARGE
