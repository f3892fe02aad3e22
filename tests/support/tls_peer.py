"""A TLS client taken apart: each flight is bytes in the hand of the test before it is sent."""

import socket
import ssl
from contextlib import suppress


class TruncatedError(Exception):
    """The stream ended without close_notify."""


class TlsPeer:
    """Client TLS by MemoryBIO over the blocking `sock`, which stays the caller's to close."""

    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext, hostname: str | None = None
    ) -> None:
        self.sock = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self.raw_in = bytearray()
        """Every byte that came on the wire, undecrypted."""

    def first_flight(self) -> bytes:
        """The ClientHello as records, not yet sent."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read()
        raise AssertionError("a handshake without a server")

    def handshake(self) -> "TlsPeer":
        """To its end; ssl.SSLError when the server refuses, TruncatedError when it closes."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._receive()
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return self

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self._flush()

    def receive(self, limit: int = 65536) -> bytes:
        """Some bytes; none after close_notify; TruncatedError after a bare end of stream."""
        while True:
            try:
                return self.tls.read(limit)
            except ssl.SSLWantReadError:
                # A key update or a renegotiation refusal may be due.
                self._flush()
                self._receive()
            except ssl.SSLZeroReturnError:
                return b""

    def line(self) -> bytes:
        """Up to LF, read byte by byte so that nothing behind it is taken."""
        line = b""
        while not line.endswith(b"\n"):
            byte = self.receive(1)
            if not byte:
                break
            line += byte
        return line

    def rest(self) -> bytes:
        """Everything up to close_notify."""
        data = bytearray()
        while part := self.receive():
            data += part
        return bytes(data)

    def close_notify(self) -> None:
        """Half-close: our direction ends, theirs may go on."""
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self.sock.sendall(self._outgoing.read())

    def _receive(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise TruncatedError
        self.raw_in += data
        self._incoming.write(data)
