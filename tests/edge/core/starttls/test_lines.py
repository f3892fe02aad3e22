"""What a line is: CRLF and nothing else, bounded, the same in any segmentation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.starttls.lines import LineReader, is_ascii_text
from edge.errors import NEED_MORE, ProtocolError
from edge.outcome import Outcome


def read_all(*reads: bytes, limit_bytes: int = 16) -> list[bytes | Outcome]:
    reader = LineReader(limit_bytes=limit_bytes)
    result: list[bytes | Outcome] = []
    for read in reads:
        reader.push(read)
        try:
            while (line := reader.next_line()) is not NEED_MORE:
                result.append(line)
        except ProtocolError as error:
            return [*result, error.outcome]
        assert len(reader.rest()) < limit_bytes
    return result


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"NOOP", []),
        (b"NOOP\r", []),
        (b"NOOP\r\n", [b"NOOP"]),
        (b"\r\n", [b""]),
        (b"a\r\nb\r\nc", [b"a", b"b"]),
        (b"tab\tok ~\r\n", [b"tab\tok ~"]),
        (b"a\nb\r\n", [Outcome.MALFORMED_LINE]),
        (b"a\n", [Outcome.MALFORMED_LINE]),
        (b"a\rb", [Outcome.MALFORMED_LINE]),
        (b"a\r\r\n", [Outcome.MALFORMED_LINE]),
        (b"a\0", [Outcome.MALFORMED_LINE]),
        (b"a\x7f", [Outcome.MALFORMED_LINE]),
        (b"a\x1b", [Outcome.MALFORMED_LINE]),
        (b"\xff", [Outcome.MALFORMED_LINE]),
        (b"ok\r\n\n", [b"ok", Outcome.MALFORMED_LINE]),
        (b"x" * 14 + b"\r\n", [b"x" * 14]),
        (b"x" * 15 + b"\r\n", [Outcome.LINE_TOO_LONG]),
        (b"x" * 15, []),
        (b"x" * 15 + b"\r", [Outcome.LINE_TOO_LONG]),
        (b"x" * 16, [Outcome.LINE_TOO_LONG]),
        (b"x" * 15 + b"\n", [Outcome.MALFORMED_LINE]),
        (b"x" * 16 + b"\n", [Outcome.LINE_TOO_LONG]),
    ],
)
def test_lines_and_faults(data: bytes, expected: list[bytes | Outcome]) -> None:
    assert read_all(data) == expected
    assert read_all(*(bytes([byte]) for byte in data)) == expected


def test_rest_and_peek_show_what_is_unread() -> None:
    reader = LineReader(limit_bytes=16)
    reader.push(b"one\r\ntwo\r\nth")
    assert reader.next_line() == b"one"
    assert reader.has_rest()
    assert reader.peek(3) == b"two"
    assert reader.rest() == b"two\r\nth"
    reader.push(b"ree\r\n")
    assert [reader.next_line(), reader.next_line()] == [b"two", b"three"]
    assert not reader.has_rest()
    assert reader.rest() == b""


@given(st.lists(st.sampled_from([b"a", b"b c", b"\r\n", b"\r", b"\n", b"\0", b"\xe4", b"0" * 9])))
def test_segmentation_does_not_matter(reads: list[bytes]) -> None:
    data = b"".join(reads)
    whole = read_all(data)
    assert read_all(*reads) == whole
    assert read_all(*(bytes([byte]) for byte in data)) == whole


@given(st.binary())
def test_text_is_tab_and_printable_ascii(data: bytes) -> None:
    assert is_ascii_text(data) == all(byte == 9 or 32 <= byte <= 126 for byte in data)
