"""SMTP replies of a backend, one line or many (RFC 5321 section 4.2)."""

from dataclasses import dataclass

from edge.core.starttls.backendlines import BackendLines, refused
from edge.core.starttls.lines import CRLF
from edge.errors import NEED_MORE, NeedMore


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One complete reply: its code, and its lines as they came, without CRLF."""

    code: bytes
    lines: tuple[bytes, ...]

    @property
    def is_positive(self) -> bool:
        """Whether the code is 2xx."""
        return self.code.startswith(b"2")

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The lines without code and separator."""
        return tuple(line[4:] for line in self.lines)

    @property
    def wire(self) -> bytes:
        """The reply as it came."""
        return CRLF.join((*self.lines, b""))


class ReplyReader:
    """Joins the lines of a backend into replies."""

    __slots__ = ("_lines", "_so_far")

    def __init__(self, lines: BackendLines) -> None:
        self._lines = lines
        self._so_far: list[bytes] = []

    def next_reply(self) -> Reply | NeedMore:
        """The next reply; ProtocolError with `BACKEND_REFUSED` for what is none."""
        while (line := self._lines.next_line()) is not NEED_MORE:
            reply = self.add(line)
            if reply is not None:
                return reply
        return NEED_MORE

    def add(self, line: bytes) -> Reply | None:
        """Take one line; the reply when this line was its last."""
        code, separator = line[:3], line[3:4]
        if not (code.isdigit() and len(code) == 3) or separator not in {b"", b" ", b"-"}:
            raise refused("the backend sent no SMTP reply")
        if self._so_far and self._so_far[0][:3] != code:
            raise refused("the backend changed the code inside an SMTP reply")
        self._so_far.append(line)
        if separator == b"-":
            return None
        reply = Reply(code=code, lines=tuple(self._so_far))
        self._so_far.clear()
        return reply
