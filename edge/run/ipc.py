"""What the processes say to each other: msgpack, one message a datagram.

SOCK_SEQPACKET keeps messages whole, so a process that dies in the middle leaves no half message
for its successor. The pairs are made by the master and outlive both their ends' processes.
"""

import socket
from typing import Final

import msgspec

MESSAGE_BYTES: Final = 180_000
"""More than any snapshot; less than the kernel's default send buffer (net.core.wmem_default)."""


class LearntBackend(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the control process knows of one backend: resolved servers and, if any, a greeting."""

    name: str
    endpoints: list[tuple[int, str, int, str]]
    """Address family, host or path, port (0 for unix), label."""
    protocol: str | None
    banner: bytes
    capabilities: list[bytes]
    ehlo: bytes


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot", array_like=True):
    """Control to worker: all backends, as they are now. Replaces the last one whole."""

    backends: list[LearntBackend]


class Joined(msgspec.Struct, frozen=True, tag="joined", array_like=True):
    """Worker to control: a new worker, which knows nothing yet."""

    pid: int


class Ready(msgspec.Struct, frozen=True, tag="ready", array_like=True):
    """Child to master: it does its work now."""

    pid: int


Message = Snapshot | Joined | Ready


class Channel:
    """One end of a pair. Never blocks: who does not read, does not hear."""

    __slots__ = ("_decoder", "_encoder", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)

    def fileno(self) -> int:
        """For a poll."""
        return self._sock.fileno()

    def send(self, message: Message) -> bool:
        """Whether the message went out. A full queue means the other end is stuck or gone."""
        try:
            self._sock.send(self._encoder.encode(message))
        except OSError:
            return False
        return True

    def receive(self) -> Message | None:
        """The next message; None when there is none. Raises EOFError when the other end closed."""
        try:
            data = self._sock.recv(MESSAGE_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            raise EOFError
        return self._decoder.decode(data)

    def close(self) -> None:
        """Close this process's copy of this end."""
        self._sock.close()


def pair() -> tuple[Channel, Channel]:
    """Both ends of a new channel."""
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(left), Channel(right)
