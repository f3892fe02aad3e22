"""After the handshake: the fresh backend connection's greeting, which the client has had already.

RFC 3207 section 4.2, RFC 9051 section 6.2.1 and RFC 2595 section 4 send no second greeting after
STARTTLS; RFC 5804 section 2.2 sends the capabilities again.
"""

from typing import Final

from edge.core.protocol import Protocol
from edge.core.starttls.backendlines import (
    LINE_LIMIT_BYTES,
    PRINTABLE,
    BackendLines,
    refused,
)
from edge.core.starttls.detect import Greeting, GreetingReader
from edge.core.starttls.lines import CRLF
from edge.errors import NEED_MORE, NeedMore

_ONE_LINE: Final = {
    Protocol.SMTP: b"220 ",
    Protocol.IMAP: b"* OK ",
    Protocol.POP3: b"+OK ",
}


class Gate:
    """Lets the backend's bytes through once its greeting has shown that a session can begin."""

    __slots__ = ("_greetings", "_is_fresh", "_is_open", "_lines", "_protocol")

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._is_fresh = True
        self._is_open = False
        self._lines = BackendLines()
        self._greetings = GreetingReader(self._lines)

    def feed(self, data: bytes) -> bytes | NeedMore:
        """The bytes that go on to the client, b"" when the greeting was all there was.

        For ManageSieve these begin with the capability block, without STARTTLS: TLS is on. Raises
        ProtocolError with `BACKEND_REFUSED` for a refusal, another protocol, or garbage, and
        RuntimeError when the gate is open already.
        """
        if self._is_open:
            raise RuntimeError("the gate is open")
        if self._is_fresh and self._is_one_line(data):
            self._is_open = True
            return b""
        self._is_fresh = False
        self._lines.push(data)
        greeting = self._greetings.next_greeting()
        if greeting is NEED_MORE:
            return NEED_MORE
        if greeting.protocol is not self._protocol:
            raise refused(f"expected {self._protocol}, the backend greets as {greeting.protocol}")
        self._is_open = True
        rest = self._lines.rest()
        return _sieve_block(greeting) + rest if self._protocol is Protocol.SIEVE else rest

    def _is_one_line(self, data: bytes) -> bool:
        """The usual case, recognised without parsing: one complete line, no more, no less."""
        prefix = _ONE_LINE.get(self._protocol)
        return (
            prefix is not None
            and data.startswith(prefix)
            and data.endswith(CRLF)
            and data.translate(None, PRINTABLE) == CRLF
            and len(data) <= LINE_LIMIT_BYTES
        )


def _sieve_block(greeting: Greeting) -> bytes:
    lines = [line for line in greeting.lines if line.upper() != b'"STARTTLS"']
    return CRLF.join((*lines, b""))
