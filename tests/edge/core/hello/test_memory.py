"""What is remembered of hellos: never more than an equal one means, and never without bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.hello.ja4 import ja4
from edge.core.hello.memory import HelloMemory
from edge.core.hello.parser import parse_client_hello
from edge.errors import ProtocolError
from tests.edge.core.hello.handmade import (
    KEY_SHARE,
    alpn,
    body,
    chrome_like,
    groups,
    payload_of,
    schemes,
    sni,
    vector,
    versions,
)
from tests.edge.core.hello.reading import CLIENT_HELLOS

BODIES = {name: payload_of(wire)[4:] for name, wire in CLIENT_HELLOS.items()}
SESSION_TICKET, PRE_SHARED_KEY = 35, 41


def hello(*, share: bytes = b"s" * 36, session: bytes = b"i" * 32, name: bytes = b"a.org") -> bytes:
    return body(sni(name), versions(0x0304), (KEY_SHARE, share), session_id=session)


def meaning(content: bytes) -> object:
    """What a parser without a memory says of it."""
    try:
        known = parse_client_hello(content)
    except ProtocolError as error:
        return error.outcome, error.detail
    return known, ja4(known)


def remembered(memory: HelloMemory, content: bytes) -> object:
    try:
        known = memory.parse(content)
    except ProtocolError as error:
        return error.outcome, error.detail
    return known.hello, known.ja4


def test_what_is_random_does_not_matter() -> None:
    memory = HelloMemory(10)
    first = memory.parse(hello())
    again = memory.parse(hello(share=b"S" * 36, session=b"I" * 32))
    assert again is first


@pytest.mark.parametrize("kind", [SESSION_TICKET, PRE_SHARED_KEY, KEY_SHARE, 0xFE0D])
def test_contents_that_are_new_each_time_do_not_matter(kind: int) -> None:
    memory = HelloMemory(10)
    one, other = (body(sni(b"a.org"), (kind, content * 40)) for content in (b"x", b"y"))
    assert memory.parse(one) is memory.parse(other)


@pytest.mark.parametrize(
    "other",
    [
        hello(name=b"b.org"),
        hello(share=b"s" * 37),
        hello(session=b""),
        body(sni(b"a.org"), versions(0x0303), (KEY_SHARE, b"s" * 36), session_id=b"i" * 32),
        body(sni(b"a.org"), versions(0x0304), (KEY_SHARE + 1, b"s" * 36), session_id=b"i" * 32),
        body(versions(0x0304), sni(b"a.org"), (KEY_SHARE, b"s" * 36), session_id=b"i" * 32),
        body(sni(b"a.org"), alpn(b"imap"), groups(29), schemes(0x0403)),
    ],
    ids=["name", "length", "session id", "version", "kind", "order", "other extensions"],
)
def test_all_else_matters(other: bytes) -> None:
    memory = HelloMemory(10)
    memory.parse(hello())
    for content in (other, hello(), other):
        assert remembered(memory, content) == meaning(content)


def test_the_same_bytes_at_other_places_are_another_hello() -> None:
    """One length, and one text once the varying parts are out: only the places tell them apart."""
    memory = HelloMemory(10)
    one = body((KEY_SHARE, b"x" * 8), (7, b"y" * 4), (KEY_SHARE + 1, b""))
    other = body((KEY_SHARE, b"x" * 4), (7, b"y" * 4), (KEY_SHARE + 1, b"z" * 4))
    assert len(one) == len(other)
    for content in (one, other, one):
        assert remembered(memory, content) == meaning(content)


@given(st.lists(st.sampled_from([*BODIES.values(), chrome_like()]), max_size=3), st.data())
def test_a_memory_changes_nothing(before: list[bytes], data: st.DataObject) -> None:
    """Real hellos, altered anywhere, read by a memory that knows the unaltered ones."""
    memory = HelloMemory(4)
    for content in before:
        memory.parse(content)
    content = bytearray(data.draw(st.sampled_from([*BODIES.values(), chrome_like()])))
    places = st.integers(0, len(content) - 1)
    for place, value in data.draw(st.dictionaries(places, st.integers(0, 255), max_size=4)).items():
        content[place] = value
    cut = data.draw(st.just(len(content)) | places)
    altered = bytes(content[:cut])
    assert remembered(memory, altered) == meaning(altered)
    assert remembered(memory, altered) == meaning(altered)


@pytest.mark.parametrize("size", range(40))
def test_a_beginning_of_a_hello_is_refused_as_ever(size: int) -> None:
    assert remembered(HelloMemory(10), hello()[:size]) == meaning(hello()[:size])


def test_it_is_bounded() -> None:
    memory = HelloMemory(3)
    for number in range(20):
        memory.parse(hello(name=b"h%d.org" % number))
        memory.parse(hello(name=b"h.org", share=b"s" * (36 + number)))
        kept = sum(len(layout.known) for layout in memory._layouts.values())
        assert kept <= 3
        assert kept == memory._count


def test_a_long_hello_is_not_kept() -> None:
    memory = HelloMemory(10)
    long = body((99, bytes(5000)), (KEY_SHARE, vector(b"x" * 32)))
    assert remembered(memory, long) == meaning(long)
    assert not memory._layouts
