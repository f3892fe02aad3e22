"""CRLF lines out of a byte stream, bounded: the one place that says what a line is.

The edge and the backend must split lines identically, or `NOOP LF STARTTLS CRLF` means one command
to one of them and two to the other (SMTP smuggling, CVE-2023-51764). So nothing but CRLF ends a
line, and a byte that some server might take for a line end or a string end is an error.
"""

from collections.abc import Callable
from typing import Final

from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome

CRLF: Final = b"\r\n"

_ASCII_TEXT: Final = bytes([0x09, *range(0x20, 0x7F)])


def is_ascii_text(text: bytes) -> bool:
    """Whether all of `text` is printable US-ASCII, space or tab."""
    return not text.translate(None, _ASCII_TEXT)


class LineReader:
    """Splits pushed bytes into lines; keeps one unfinished line, never more than the limit.

    Where in the stream a fault lies decides which fault is reported, so the result does not depend
    on how the bytes were cut into reads.
    """

    __slots__ = ("_buffer", "_is_text", "_limit_bytes", "_start")

    def __init__(
        self, *, limit_bytes: int, is_text: Callable[[bytes], bool] = is_ascii_text
    ) -> None:
        """`limit_bytes` bounds a line with its CRLF; `is_text` says which lines are clean.

        `is_text` must hold for every beginning of a line that it holds for.
        """
        self._limit_bytes = limit_bytes
        self._is_text = is_text
        self._buffer = b""
        self._start = 0

    def push(self, data: bytes) -> None:
        """Append what was read. Memory: the unfinished line plus this one read."""
        if self._start < len(self._buffer):
            self._buffer = self._buffer[self._start :] + data
        else:
            self._buffer = data
        self._start = 0

    def next_line(self) -> bytes | NeedMore:
        """The next line without its CRLF.

        Raises ProtocolError with `MALFORMED_LINE` or `LINE_TOO_LONG`.
        """
        start = self._start
        end = self._buffer.find(CRLF, start, start + self._limit_bytes)
        if end < 0:
            self._check_unfinished(self._buffer[start : start + self._limit_bytes])
            return NEED_MORE
        line = self._buffer[start:end]
        if not self._is_text(line):
            raise ProtocolError(Outcome.MALFORMED_LINE, "a byte that no line may hold")
        self._start = end + len(CRLF)
        return line

    def peek(self, size: int) -> bytes:
        """At most `size` bytes that were not read as a line yet."""
        return self._buffer[self._start : self._start + size]

    def rest(self) -> bytes:
        """Every byte that was not read as a line yet."""
        return self._buffer[self._start :]

    def has_rest(self) -> bool:
        """Whether any byte was pushed behind the last line read."""
        return self._start < len(self._buffer)

    def _check_unfinished(self, text: bytes) -> None:
        # Checked before the line is complete: a client that ends lines with a bare LF would
        # otherwise wait for its answer until the deadline.
        if not self._is_text(text[:-1] if text.endswith(b"\r") else text):
            raise ProtocolError(Outcome.MALFORMED_LINE, "a byte that no line may hold")
        if len(text) == self._limit_bytes:
            raise ProtocolError(Outcome.LINE_TOO_LONG, "a line over the limit")
