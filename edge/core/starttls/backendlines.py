"""Lines of a backend: bounded in all, and every fault has the backend's outcome."""

from typing import Final

from edge.core.starttls.lines import CRLF, LineReader
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome

LINE_LIMIT_BYTES: Final = 8192
"""The longest line honest backends send: an IMAP greeting with all its capabilities."""

LIMIT_BYTES: Final = 65536

PRINTABLE: Final = bytes(range(0x20, 0x7F))


def refused(detail: str) -> ProtocolError:
    """The error for a backend that did not say what a session can begin with."""
    return ProtocolError(Outcome.BACKEND_REFUSED, detail)


def _is_printable(text: bytes) -> bool:
    return not text.translate(None, PRINTABLE)


class BackendLines:
    """Printable US-ASCII lines of at most 8 KiB, `limit_bytes` in all."""

    __slots__ = ("_limit_bytes", "_lines", "_taken_bytes")

    def __init__(self, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._lines = LineReader(limit_bytes=LINE_LIMIT_BYTES, is_text=_is_printable)
        self._taken_bytes = 0

    def push(self, data: bytes) -> None:
        """Append what was read."""
        self._lines.push(data)

    def next_line(self) -> bytes | NeedMore:
        """The next line without its CRLF. Raises ProtocolError with `BACKEND_REFUSED`."""
        try:
            line = self._lines.next_line()
        except ProtocolError as error:
            raise refused(f"the backend sent {error.detail}") from None
        if line is NEED_MORE:
            is_over = self._taken_bytes + len(self._lines.rest()) >= self._limit_bytes
        else:
            self._taken_bytes += len(line) + len(CRLF)
            is_over = self._taken_bytes > self._limit_bytes
        if is_over:
            raise refused("the backend sent more than the limit")
        return line

    def rest(self) -> bytes:
        """Every byte that was not read as a line yet."""
        return self._lines.rest()
