"""Which protocol a greeting belongs to; anything that is not clearly one of four is refused."""

import re
from dataclasses import dataclass
from typing import Final

from edge.core.protocol import Protocol
from edge.core.starttls.backendlines import BackendLines, refused
from edge.core.starttls.smtpreply import ReplyReader
from edge.errors import NEED_MORE, NeedMore

_SIEVE_CAPABILITY: Final = re.compile(
    rb'"(?:[^"\\]|\\["\\])+"(?: "(?:[^"\\]|\\["\\])*")?', re.DOTALL
)
"""RFC 5804 section 4, `single-capability`, without literals: they could hide the block's end."""

_SIEVE_OK: Final = re.compile(
    rb'OK(?: \([^()"]*(?: "[^"]*")?\))?(?: "((?:[^"\\]|\\["\\])*)")?', re.IGNORECASE
)
_RESPONSE_CODE: Final = re.compile(rb"\A\[[^\]]*\] ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A greeting that a session can begin with.

    `banner` is as in `Learnt`. `lines` are all its lines as they came, without CRLF.
    """

    protocol: Protocol
    banner: bytes
    lines: tuple[bytes, ...]

    @property
    def capabilities(self) -> tuple[bytes, ...]:
        """The capability lines of a ManageSieve greeting: all but the closing OK."""
        return self.lines[:-1]


def detect(data: bytes, *, limit: int = 8192) -> Greeting | NeedMore:
    """The greeting that `data` begins with, within `limit` bytes.

    220 is SMTP (FTP says it too: only EHLO can tell), `* OK` IMAP, `+OK` POP3, a capability block
    that ends in OK is ManageSieve. Raises ProtocolError with `BACKEND_REFUSED` for all else.
    """
    lines = BackendLines(limit_bytes=limit)
    lines.push(data)
    return GreetingReader(lines).next_greeting()


class GreetingReader:
    """Reads one greeting, in any segmentation, and leaves what is behind it in `lines`."""

    __slots__ = ("_block", "_lines", "_replies")

    def __init__(self, lines: BackendLines) -> None:
        self._lines = lines
        self._replies: ReplyReader | None = None
        self._block: list[bytes] = []

    def next_greeting(self) -> Greeting | NeedMore:
        """The greeting; ProtocolError with `BACKEND_REFUSED` for anything else."""
        while (line := self._lines.next_line()) is not NEED_MORE:
            greeting = self._take(line)
            if greeting is not None:
                return greeting
        return NEED_MORE

    def _take(self, line: bytes) -> Greeting | None:
        if self._replies is not None or line.startswith(b"220"):
            return self._take_smtp(line)
        if self._block or line.startswith(b'"'):
            return self._take_sieve(line)
        status, _, text = line.partition(b" ")
        if status.upper() == b"+OK":
            return Greeting(protocol=Protocol.POP3, banner=text, lines=(line,))
        if status == b"*":
            return self._take_imap(line, text)
        raise refused(_why(line))

    def _take_smtp(self, line: bytes) -> Greeting | None:
        self._replies = self._replies or ReplyReader(self._lines)
        reply = self._replies.add(line)
        if reply is None:
            return None
        return Greeting(protocol=Protocol.SMTP, banner=reply.texts[0], lines=reply.lines)

    @staticmethod
    def _take_imap(line: bytes, response: bytes) -> Greeting:
        status, _, text = response.partition(b" ")
        match status.upper():
            case b"OK":
                banner = _RESPONSE_CODE.sub(b"", text)
                return Greeting(protocol=Protocol.IMAP, banner=banner, lines=(line,))
            case b"PREAUTH":
                # Relayed, it would tell the client that login and TLS are both behind it.
                raise refused("the backend greets with PREAUTH: it must ask clients to log in")
            case _:
                raise refused("the backend's IMAP greeting is a refusal")

    def _take_sieve(self, line: bytes) -> Greeting | None:
        closing = _SIEVE_OK.fullmatch(line)
        if closing is not None:
            lines = (*self._block, line)
            return Greeting(protocol=Protocol.SIEVE, banner=closing[1] or b"", lines=lines)
        if not _SIEVE_CAPABILITY.fullmatch(line):
            raise refused("the backend's ManageSieve greeting is a refusal, or malformed")
        self._block.append(line)
        return None


def _why(line: bytes) -> str:
    if line[:1] in {b"4", b"5"} and line[:3].isdigit():
        return "the backend's SMTP greeting is a refusal"
    if line.startswith(b"-ERR"):
        return "the backend's POP3 greeting is a refusal"
    if line.startswith((b"NO", b"BYE")):
        return "the backend's ManageSieve greeting is a refusal"
    return "the backend sent no greeting of a mail protocol"
