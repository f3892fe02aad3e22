"""Long streams that are known without being kept: a numbered block, and its hash."""

import hashlib
import socket
import ssl
from collections.abc import Iterator

from tests.support.fake_backend import Conversation, Script

CHUNK_BYTES = 256 * 1024
MEGABYTE = 1_000_000
_FILLING = bytes(range(251)) * (CHUNK_BYTES // 251 + 1)


def chunks(total_bytes: int) -> Iterator[bytes]:
    """`total_bytes` in chunks, no two alike, so that a lost or repeated one changes the hash."""
    for start in range(0, total_bytes, CHUNK_BYTES):
        size = min(CHUNK_BYTES, total_bytes - start)
        yield (start.to_bytes(8, "big") + _FILLING)[:size]


def digest(total_bytes: int) -> bytes:
    """What the receiver of `chunks(total_bytes)` must compute."""
    whole = hashlib.sha256()
    for chunk in chunks(total_bytes):
        whole.update(chunk)
    return whole.digest()


def sink(total_bytes: int) -> Script:
    """Take `total_bytes`, answer with their hash."""

    def script(one: Conversation) -> None:
        one.send(_digest_of(one.sock, total_bytes))
        one.drain()

    return script


def source(total_bytes: int) -> Script:
    """Send `chunks(total_bytes)`, then the end of the stream."""

    def script(one: Conversation) -> None:
        for chunk in chunks(total_bytes):
            one.sock.sendall(chunk)
        one.half_close()
        one.drain()

    return script


def upload(sock: ssl.SSLSocket, total_bytes: int) -> bytes:
    """Send `chunks(total_bytes)` as a client; what `sink` answers."""
    for chunk in chunks(total_bytes):
        sock.sendall(chunk)
    return sock.recv(100)


def download_digest(sock: ssl.SSLSocket, total_bytes: int) -> bytes:
    """Hash of what the server sends, which must end with close_notify right after it."""
    found = _digest_of(sock, total_bytes)
    assert sock.recv(1) == b""
    return found


def _digest_of(sock: socket.socket, total_bytes: int) -> bytes:
    whole = hashlib.sha256()
    buffer = bytearray(CHUNK_BYTES)
    view = memoryview(buffer)
    left = total_bytes
    while left > 0:
        count = sock.recv_into(buffer, min(left, CHUNK_BYTES))
        assert count > 0, f"{left} bytes are missing"
        whole.update(view[:count])
        left -= count
    return whole.digest()
