"""A backend's lines are bounded, one by one and in all."""

import pytest

from edge.core.starttls.backendlines import LIMIT_BYTES, LINE_LIMIT_BYTES, BackendLines
from edge.errors import NEED_MORE
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte


def read_all(lines: BackendLines, *reads: bytes) -> list[bytes]:
    result = []
    for read in reads:
        lines.push(read)
        while (line := lines.next_line()) is not NEED_MORE:
            result.append(line)
    return result


def test_lines_and_the_rest() -> None:
    lines = BackendLines()
    assert read_all(lines, b"220 a\r\n25", b"0 b\r\n250") == [b"220 a", b"250 b"]
    assert lines.rest() == b"250"


@pytest.mark.parametrize("data", [b"a\n", b"a\rb", b"\0", b"\t", b"\xc3\xa4", b"\x15\x03\x01"])
def test_only_printable_ascii(data: bytes) -> None:
    assert_refused(lambda: read_all(BackendLines(), data), "no line may hold")


def test_one_line_is_bounded() -> None:
    longest = b"x" * (LINE_LIMIT_BYTES - 2)
    assert read_all(BackendLines(), longest + b"\r\n") == [longest]
    assert_refused(lambda: read_all(BackendLines(), longest + b"x\r\n"), "over the limit")


def test_the_whole_is_bounded() -> None:
    lines = BackendLines()
    assert read_all(lines, b"x" * 510 + b"\r\n") == [b"x" * 510]
    flood = (b"x" * 510 + b"\r\n") * (LIMIT_BYTES // 512 - 1)
    assert_refused(lambda: read_all(lines, flood, b"x\r\n"), "more than the limit")


@pytest.mark.parametrize("data", [b"12\r\n456\r\n", b"12\r\n4567", b"12\r\n4\r\n8\r\n"])
def test_the_limit_does_not_depend_on_segmentation(data: bytes) -> None:
    assert_refused(lambda: read_all(BackendLines(limit_bytes=8), data))
    assert_refused(lambda: read_all(BackendLines(limit_bytes=8), *each_byte(data)))


def test_bytes_that_nobody_asks_for_do_not_count() -> None:
    lines = BackendLines(limit_bytes=8)
    lines.push(b"12\r\n" + b"x" * 100)
    assert lines.next_line() == b"12"
    assert lines.rest() == b"x" * 100
