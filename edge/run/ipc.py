"""What the processes say to each other: msgpack, one message a datagram.

SOCK_SEQPACKET keeps messages whole, so a process that dies in the middle leaves no half message
for its successor. The pairs are made by the master and outlive both their ends' processes.
"""

import os
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


class Picture(msgspec.Struct, frozen=True, tag="picture", array_like=True):
    """Control to worker: a new picture of all certificates, in the descriptor that comes along.

    See `edge.run.picture`. Each one replaces the last whole.
    """

    generation: int


class Shown(msgspec.Struct, frozen=True, tag="shown", array_like=True):
    """Worker to control: the next handshake is served from this picture."""

    pid: int
    generation: int


class Joined(msgspec.Struct, frozen=True, tag="joined", array_like=True):
    """Worker to control: a new worker, which knows nothing yet."""

    pid: int


class Ready(msgspec.Struct, frozen=True, tag="ready", array_like=True):
    """Child to master: it does its work now."""

    pid: int


class Stopping(msgspec.Struct, frozen=True, tag="stopping", array_like=True):
    """Master to control: workers end now, and what listeners do no longer means anything."""


class SessionsForgotten(msgspec.Struct, frozen=True, tag="sessions-forgotten", array_like=True):
    """Control to master: whoever is forked from now on must not honour tickets of earlier ones."""


Message = Snapshot | Picture | Shown | Joined | Ready | Stopping | SessionsForgotten


class Channel:
    """One end of a pair. Never blocks: who does not read, does not hear."""

    __slots__ = ("_decoder", "_encoder", "_fd", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
        self._fd: int | None = None

    def fileno(self) -> int:
        """For a poll."""
        return self._sock.fileno()

    def send(self, message: Message, *, fd: int | None = None) -> bool:
        """Whether the message went out. A full queue means the other end is stuck or gone.

        The other end gets a copy of `fd`; this one stays the caller's.
        """
        data = self._encoder.encode(message)
        try:
            if fd is None:
                self._sock.send(data)
            else:
                socket.send_fds(self._sock, [data], [fd])
        except OSError:
            return False
        return True

    def receive(self) -> Message | None:
        """The next message; None when there is none. Raises EOFError when the other end closed.

        A descriptor that came along waits for `take_fd`, until the next message.
        """
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        fds: list[int] = []
        try:
            data, fds, _, _ = socket.recv_fds(self._sock, MESSAGE_BYTES, 1)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            raise EOFError
        self._fd = fds[0] if fds else None
        return self._decoder.decode(data)

    def take_fd(self) -> int:
        """The descriptor of the last message, now the caller's. Raises LookupError without one."""
        if self._fd is None:
            raise LookupError("no descriptor came with this message")
        fd, self._fd = self._fd, None
        return fd

    def close(self) -> None:
        """Close this process's copy of this end."""
        self._sock.close()


def pair() -> tuple[Channel, Channel]:
    """Both ends of a new channel."""
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(left), Channel(right)
