"""What holds for every input: a value, need-more or ProtocolError, and the same for every cut."""

from hypothesis import given
from hypothesis import strategies as st

from edge.core.hello.clienthello import ClientHello
from edge.core.hello.ja4 import ja4
from edge.core.hello.serverhello import negotiated_group
from edge.errors import NEED_MORE
from edge.outcome import Outcome
from tests.edge.core.hello.handmade import each_byte, message, payload_of, record, records
from tests.edge.core.hello.reading import CLIENT_HELLOS, SERVER_FLIGHTS, hello_of, read, read_each

OUTCOMES = {Outcome.HELLO_INVALID, Outcome.HELLO_TOO_LARGE, Outcome.WRONG_PROTOCOL}
real = st.sampled_from(sorted(CLIENT_HELLOS)).map(CLIENT_HELLOS.__getitem__)


@st.composite
def cut_short(draw: st.DrawFn) -> bytes:
    """A real hello cut off somewhere, and anything behind."""
    wire = draw(real)
    return wire[: draw(st.integers(0, len(wire)))] + draw(st.binary(max_size=64))


@st.composite
def altered(draw: st.DrawFn) -> bytes:
    """A real hello with some bytes changed, the lengths near its start more often than others."""
    wire = bytearray(draw(real))
    places = st.integers(0, len(wire) - 1) | st.integers(0, 250).map(lambda n: n % len(wire))
    for place, value in draw(st.dictionaries(places, st.integers(0, 255), max_size=8)).items():
        wire[place] = value
    return bytes(wire)


believable = st.binary(max_size=300).map(lambda content: record(message(content)))
anything = cut_short() | altered() | believable | st.binary(max_size=300)


@given(anything)
def test_three_results_and_no_fourth(wire: bytes) -> None:
    result = read(wire)
    if isinstance(result, tuple):
        assert result[0] in OUTCOMES
    elif result is not NEED_MORE:
        assert isinstance(result, ClientHello)
        assert len(ja4(result)) == 36


@given(anything)
def test_whole_and_byte_by_byte_are_one(wire: bytes) -> None:
    assert read_each(each_byte(wire)) == read(wire)


@given(anything, st.lists(st.integers(0, 1800), max_size=5))
def test_every_segmentation_is_one(wire: bytes, cuts: list[int]) -> None:
    ends = [*sorted(cuts), len(wire)]
    starts = [0, *ends]
    parts = (wire[start:end] for start, end in zip(starts, ends, strict=False))
    assert read_each(parts) == read(wire)


@given(real, st.integers(1, 2000))
def test_every_fragmentation_is_one(wire: bytes, size: int) -> None:
    fragmented = hello_of(records(payload_of(wire), size))
    assert fragmented == hello_of(wire)
    assert ja4(fragmented) == ja4(hello_of(wire))


@given(real)
def test_a_name_is_safe_to_log(wire: bytes) -> None:
    name = hello_of(wire).sni
    assert name is None or (name.isascii() and name.isprintable() and len(name) <= 255)


@given(altered())
def test_so_is_an_altered_one(wire: bytes) -> None:
    hello = read(wire)
    if isinstance(hello, ClientHello) and hello.sni is not None:
        assert all(char.isascii() and (char.isalnum() or char in "-._") for char in hello.sni)
        assert not hello.sni_invalid


@given(st.data())
def test_a_flight_gives_a_group_or_none(data: st.DataObject) -> None:
    flight = data.draw(st.sampled_from(sorted(SERVER_FLIGHTS)).map(SERVER_FLIGHTS.__getitem__))
    altered_flight = bytearray(flight[: data.draw(st.integers(0, len(flight)))])
    places = st.integers(0, max(len(altered_flight) - 1, 0))
    for place, value in data.draw(st.dictionaries(places, st.integers(0, 255), max_size=4)).items():
        altered_flight[place : place + 1] = bytes((value,))
    group = negotiated_group(bytes(altered_flight))
    assert group is None or 0 <= group <= 0xFFFF


@given(st.binary(max_size=200) | st.binary(max_size=200).map(record))
def test_no_bytes_break_the_reader_of_flights(flight: bytes) -> None:
    group = negotiated_group(flight)
    assert group is None or 0 <= group <= 0xFFFF
