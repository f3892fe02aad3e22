"""Which beginnings of a line belong to another protocol."""

import pytest

from edge.core.starttls.wrongprotocol import LONGEST_BYTES, Foreign, recognise
from edge.errors import NEED_MORE, NeedMore


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        (b"\x16", NEED_MORE),
        (b"\x16\x03", Foreign.TLS),
        (b"\x16\x03\x01\x02\x00\x01", Foreign.TLS),
        (b"\x16X", None),
        (b"\x03", NEED_MORE),
        (b"\x03\x00\x00\x13", Foreign.RDP),
        (b"\x03\x01", None),
        (b"SSH-2.0-x", Foreign.SSH),
        (b"SSH", None),
        (b"GET / HTTP", Foreign.HTTP),
        (b"POST / HT", Foreign.HTTP),
        (b"PUT /", Foreign.HTTP),
        (b"HEAD /", Foreign.HTTP),
        (b"OPTIONS * ", Foreign.HTTP),
        (b"CONNECT a:", Foreign.HTTP),
        (b"DELETE /", Foreign.HTTP),
        (b"PATCH /", Foreign.HTTP),
        (b"TRACE /", Foreign.HTTP),
        (b"PROPFIND /", Foreign.HTTP),
        (b"PRI * HTTP", Foreign.HTTP),
        (b"PRI * HTT", None),
        (b"GETSCRIPT ", None),
        (b"PUTSCRIPT ", None),
        (b"EHLO x", None),
        (b"", None),
    ],
)
def test_first_line(opening: bytes, expected: Foreign | NeedMore | None) -> None:
    assert len(opening) <= LONGEST_BYTES
    assert recognise(opening, is_first_line=True) is expected


@pytest.mark.parametrize("opening", [b"\x16", b"\x16\x03", b"\x03\x00", b"SSH-2.0"])
def test_binary_protocols_are_only_looked_for_on_the_first_line(opening: bytes) -> None:
    assert recognise(opening, is_first_line=False) is None


def test_an_http_verb_counts_on_every_line() -> None:
    assert recognise(b"POST / HTTP", is_first_line=False) is Foreign.HTTP
