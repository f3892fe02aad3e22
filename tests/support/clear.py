"""The clear phase as a client speaks it, line by line, on a plain socket."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from tests.support.addresses import Address, own_address
from tests.support.tls_peer import TlsPeer

MAIL_PROTOCOLS = ("smtp", "imap", "pop3", "sieve")

STARTTLS: Mapping[str, bytes] = {
    "smtp": b"STARTTLS\r\n",
    "imap": b"s STARTTLS\r\n",
    "pop3": b"STLS\r\n",
    "sieve": b"STARTTLS\r\n",
}
GO_AHEAD: Mapping[str, bytes] = {
    "smtp": b"220 ",
    "imap": b"s OK",
    "pop3": b"+OK",
    "sieve": b"OK",
}
REFUSAL: Mapping[str, bytes] = {
    "smtp": b"421 ",
    "imap": b"* BYE",
    "pop3": b"-ERR",
    "sieve": b"BYE",
}
"""What each protocol says when the session is over before it began."""


class ClearClient:
    """A TCP client of one listener; a context manager that closes its socket."""

    def __init__(self, port: int, *, host: str = "127.0.0.1") -> None:
        source = None if ":" in host else (own_address(), 0)
        self.sock = socket.create_connection((host, port), 15, source_address=source)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address: Address = self.sock.getsockname()[:2]
        """What the edge logs as `client_ip` and `client_port`."""
        self.ip = self.address[0]
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def line(self) -> bytes:
        """One line with its CRLF, or what was left at the end of the stream."""
        while b"\n" not in self._buffer and self._fill():
            pass
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        return line

    def reply(self) -> bytes:
        """All lines of an SMTP reply: `250-` up to `250 `."""
        lines = self.line()
        while lines.splitlines()[-1:] and lines.splitlines()[-1][3:4] == b"-":
            lines += self.line()
        return lines

    def until(self, start: bytes) -> bytes:
        """Lines up to and with the first one that begins with `start`."""
        lines = b""
        while line := self.line():
            lines += line
            if line.startswith(start):
                return lines
        raise AssertionError(f"no line {start!r} in {lines!r}")

    def rest(self) -> bytes:
        """Everything up to the end of the stream; a reset is an end too."""
        while self._fill():
            pass
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def greeting(self, protocol: str) -> bytes:
        """The server's greeting, with ManageSieve its whole capability block."""
        return self.until(b"OK") if protocol == "sieve" else self.reply()

    def starttls(self, protocol: str) -> bytes:
        """Send the command; the answer must be the go-ahead and nothing behind it."""
        self.send(STARTTLS[protocol])
        line = self.line()
        assert line.startswith(GO_AHEAD[protocol]), line
        assert not self._buffer, f"cleartext behind the go-ahead: {bytes(self._buffer)!r}"
        return line

    def upgrade(
        self, protocol: str, context: ssl.SSLContext, hostname: str | None = None
    ) -> TlsPeer:
        """Greeting, STARTTLS, handshake."""
        self.greeting(protocol)
        self.starttls(protocol)
        return TlsPeer(self.sock, context, hostname).handshake()

    def tls(self, context: ssl.SSLContext, hostname: str | None = None) -> TlsPeer:
        """Implicit TLS: the handshake at once."""
        return TlsPeer(self.sock, context, hostname).handshake()

    def _fill(self) -> bool:
        data = b""
        with suppress(ConnectionResetError):
            data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)
