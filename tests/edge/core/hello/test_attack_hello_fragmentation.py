"""CVE-2026-32305: a fragmented hello must not look like one without a name, and get other rules."""

import time

import pytest

from edge.core.hello.ja4 import ja4
from edge.core.hello.reader import HELLO_LIMIT_BYTES, HelloReader
from edge.errors import NEED_MORE
from edge.outcome import Outcome
from tests.edge.core.hello.handmade import (
    PADDING,
    body,
    chrome_like,
    each_byte,
    message,
    payload_of,
    record,
    records,
    sni,
)
from tests.edge.core.hello.reading import CLIENT_HELLOS, hello_of, outcome_of, read_each

HELLOS = {name: payload_of(wire) for name, wire in CLIENT_HELLOS.items()}
HELLOS["handmade"] = message(chrome_like())
every_hello = pytest.mark.parametrize("payload", HELLOS.values(), ids=HELLOS)
SHORT = message(body(sni(b"mail.example.org")))
OTHER_TYPES = {"change cipher spec": 20, "alert": 21, "application data": 23, "heartbeat": 24}


@every_hello
def test_records_of_one_byte(payload: bytes) -> None:
    whole = hello_of(record(payload))
    wire = records(payload, 1)
    assert hello_of(wire) == read_each(each_byte(wire)) == whole
    assert ja4(hello_of(wire)) == ja4(whole)


@every_hello
def test_segments_of_one_byte(payload: bytes) -> None:
    assert read_each(each_byte(record(payload))) == hello_of(record(payload))


@every_hello
def test_every_cut_into_two_records(payload: bytes) -> None:
    whole = hello_of(record(payload))
    for cut in range(1, len(payload)):
        assert hello_of(record(payload[:cut]) + record(payload[cut:])) == whole


@every_hello
def test_every_cut_into_two_segments(payload: bytes) -> None:
    wire = record(payload)
    whole = hello_of(wire)
    for cut in range(1, len(wire)):
        assert hello_of(wire[:cut], wire[cut:]) == whole


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_cut_inside_the_handshake_header_over_segments_and_records(cut: int) -> None:
    parts = [record(SHORT[:cut]), record(SHORT[cut:])]
    assert hello_of(*parts) == hello_of(record(SHORT))


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 50])
def test_an_empty_record_in_between_is_refused(cut: int) -> None:
    wire = record(SHORT[:cut]) + record(b"") + record(SHORT[cut:])
    assert outcome_of(wire) is Outcome.HELLO_INVALID
    assert outcome_of(*each_byte(wire)) is Outcome.HELLO_INVALID


@pytest.mark.parametrize("kind", OTHER_TYPES.values(), ids=OTHER_TYPES)
@pytest.mark.parametrize("cut", [1, 4, 50])
def test_another_record_in_between_is_refused(cut: int, kind: int) -> None:
    wire = record(SHORT[:cut]) + record(b"\x01", kind=kind) + record(SHORT[cut:])
    assert outcome_of(wire) is Outcome.HELLO_INVALID
    assert outcome_of(*each_byte(wire)) is Outcome.HELLO_INVALID


@pytest.mark.parametrize("kind", OTHER_TYPES.values(), ids=OTHER_TYPES)
def test_another_record_in_front_is_no_hello(kind: int) -> None:
    assert outcome_of(record(b"\x01", kind=kind) + record(SHORT)) is Outcome.WRONG_PROTOCOL


def test_a_hello_inside_the_hello_is_content() -> None:
    """A segment that looks like the start of a connection is not one in the middle of it."""
    inner = record(message(body(sni(b"inner.example"))))
    wire = record(message(body(sni(b"outer.example"), (PADDING, inner))))
    cut = wire.index(inner)
    assert hello_of(wire[:cut], wire[cut:]) == hello_of(wire)
    assert hello_of(wire).sni == "outer.example"


def test_fragments_count_with_their_headers() -> None:
    """One byte a record: six bytes of wire for each of the hello, and the limit is on the wire."""
    bare = len(message(body((PADDING, b""))))
    fits = HELLO_LIMIT_BYTES // 6
    largest = message(body((PADDING, bytes(fits - bare))))
    assert hello_of(records(largest, 1)).extensions == (PADDING,)
    too_large = message(body((PADDING, bytes(fits + 1 - bare))))
    assert outcome_of(records(too_large, 1)) is Outcome.HELLO_TOO_LARGE


def fed_byte_by_byte_s(count: int) -> float:
    """Processor time for `count` bytes of a hello that never ends; the best of three."""
    wire = records(message(body((PADDING, bytes(65000)))))[:count]
    best_s = float("inf")
    for _ in range(3):
        reader = HelloReader()
        begun_s = time.process_time()
        for part in each_byte(wire):
            assert reader.feed(part) is NEED_MORE
        best_s = min(best_s, time.process_time() - begun_s)
    return best_s


def test_dribbled_bytes_cost_linear_time() -> None:
    # Eight times the bytes: 8 times the time when linear, 64 times when quadratic.
    assert fed_byte_by_byte_s(64_000) < 24 * fed_byte_by_byte_s(8_000)
