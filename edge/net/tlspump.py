"""TLS without a socket: bytes in, bytes out, through a pair of memory BIOs.

The edge never hands a socket, a StreamReader or a transport to `ssl`: what was read before TLS
began must not count as decrypted (CVE-2011-0411), half-close must work, and one large read feeds
many records. The pump is the only place that touches an SSLObject.
"""

import contextlib
import ssl
from typing import Any, Protocol

RECORD_BYTES = 16384
"""The largest plaintext of one record (RFC 8446 §5.1)."""

_SLICE_BYTES = 4 * RECORD_BYTES


class _TlsObject(Protocol):
    """What the pump uses of `ssl.SSLObject`, with `read` as it is when given a buffer."""

    context: ssl.SSLContext

    def do_handshake(self) -> None: ...
    def read(self, length: int, buffer: memoryview) -> int: ...
    def write(self, data: memoryview | bytes) -> int: ...
    def unwrap(self) -> object: ...
    def version(self) -> str | None: ...
    def cipher(self) -> tuple[str, str, int] | None: ...
    def selected_alpn_protocol(self) -> str | None: ...
    def getpeercert(self) -> dict[str, object] | None: ...
    @property
    def session_reused(self) -> bool | None: ...


class TlsPump:
    """The server's side of one TLS connection.

    `base` owns the ticket keys and decides what the handshake may negotiate; `site` carries the
    certificate. They are two so that a ticket outlives a change of certificate, and never crosses
    to another listener (see `certs.contexts`).
    """

    __slots__ = ("_incoming", "_outgoing", "_tls", "is_finished")

    def __init__(self, base: ssl.SSLContext, site: ssl.SSLContext) -> None:
        self._incoming = incoming = ssl.MemoryBIO()
        self._outgoing = outgoing = ssl.MemoryBIO()
        tls: Any = base.wrap_bio(incoming, outgoing, server_side=True)
        if site is not base:
            tls.context = site
        self._tls: _TlsObject = tls
        self.is_finished = False
        """The client has sent close_notify."""

    def feed(self, ciphertext: memoryview | bytes | bytearray) -> None:
        """Take bytes from the network. What they mean comes out of the other methods."""
        self._incoming.write(ciphertext)

    def handshake(self) -> bool:
        """Go on with the handshake. True once it is complete. Raises `ssl.SSLError`."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    @property
    def has_outgoing(self) -> bool:
        """Whether `take_outgoing` would return anything."""
        return self._outgoing.pending > 0

    def take_outgoing(self) -> bytes:
        """All bytes that wait to go to the network."""
        return self._outgoing.read()

    @property
    def has_incoming(self) -> bool:
        """Whether bytes of the network wait to be decrypted."""
        return self._incoming.pending > 0

    def decrypt(self, ciphertext: memoryview, plain: memoryview) -> int:
        """Feed bytes of the network and decrypt them, as `decrypt_into` does.

        A large read is fed in slices: the memory BIO keeps the size of the largest write it ever
        saw, and would cost a connection that much for the rest of its life.
        """
        if len(ciphertext) <= _SLICE_BYTES:
            self._incoming.write(ciphertext)
            return self.decrypt_into(plain)
        got = 0
        for start in range(0, len(ciphertext), _SLICE_BYTES):
            self._incoming.write(ciphertext[start : start + _SLICE_BYTES])
            got += self.decrypt_into(plain[got:])
        return got

    def decrypt_into(self, plain: memoryview) -> int:
        """Decrypt all whole records that were fed; the number of bytes put into `plain`.

        `plain` must have room for all that was fed since the last call, and one record more.
        Raises `ssl.SSLError`. Sets `is_finished` at the client's close_notify.
        """
        incoming = self._incoming
        read = self._tls.read
        room = len(plain)
        got = 0
        try:
            count = got = read(room, plain)
            while count and incoming.pending:
                count = read(room - got, plain[got:])
                got += count
            # `ssl` says close_notify by 0 bytes; by an exception once ours has gone out too.
            self.is_finished = not count
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_finished = True
        return got

    def encrypt(self, plain: memoryview | bytes) -> bytes:
        """The records that carry `plain`, after whatever waited to go out (a ticket)."""
        self._tls.write(plain)
        return self._outgoing.read()

    def finish(self) -> bytes:
        """Our close_notify, after whatever waited to go out. The other direction stays open."""
        # The usual case is SSLWantReadError: ours is queued, the peer's is not here yet. Any other
        # means that the peer broke the session; there is nobody left to tell.
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        return self._outgoing.read()

    # What was negotiated; all of it is only true after the handshake.

    @property
    def version(self) -> str:
        """As OpenSSL writes it: `TLSv1.3`."""
        return self._tls.version() or "unknown"

    @property
    def cipher(self) -> str:
        """The suite, by its OpenSSL name."""
        cipher = self._tls.cipher()
        return cipher[0] if cipher else "unknown"

    @property
    def alpn(self) -> str | None:
        """The protocol that was agreed on by ALPN."""
        return self._tls.selected_alpn_protocol()

    @property
    def is_resumed(self) -> bool:
        """Whether a ticket replaced the full handshake."""
        return bool(self._tls.session_reused)

    def client_certificate(self) -> dict[str, object] | None:
        """The verified client certificate as `ssl` decodes it; None when there is none."""
        return self._tls.getpeercert() or None
