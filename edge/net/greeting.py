"""What happens between the PROXY header and the relay: the backend's greeting.

Behind STARTTLS the client has been greeted already, so the greeting is swallowed. With implicit
TLS it passes untouched, but the edge waits for its first byte: a backend that closes instead (a
banned client) owes the client an answer in its protocol. HTTP and raw backends do not greet.
"""

import contextlib
import socket
import time
from typing import TYPE_CHECKING, assert_never

from edge.config.tree import Mode
from edge.core.protocol import Protocol
from edge.core.starttls.gate import Gate
from edge.core.starttls.refusals import Farewell
from edge.core.starttls.replay import Opened, PlainReplay, Rejected, ToBackend
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.net.connection import Connection, since
from edge.net.relay import Relay, TlsRelay
from edge.outcome import Outcome

if TYPE_CHECKING:
    from edge.core.starttls.events import PlainOpening

_READ_BYTES = 4096


def begin_session(
    connection: Connection, sock: socket.socket, opening: "PlainOpening | None"
) -> None:
    """The backend is connected and has its header: go on to the relay, by way of its greeting."""
    if opening is not None:
        ReplayPhase(connection, sock, PlainReplay(opening)).start()
    elif not connection.protocol.is_mail:
        hand_over(connection, sock, b"")
    else:
        is_starttls = connection.service.spec.mode is Mode.STARTTLS
        GreetingPhase(connection, sock, connection.protocol if is_starttls else None).start()


def hand_over(connection: Connection, sock: socket.socket, first: bytes) -> None:
    """The set-up is over. `first` are bytes of the backend for the client."""
    pump = connection.pump
    relay = (
        Relay(connection, sock, connection.timeouts)
        if pump is None
        else TlsRelay(connection, sock, connection.timeouts, pump)
    )
    connection.hand_over(relay, first)


class _BackendPhase:
    """A step that listens to the backend while the client waits."""

    __slots__ = ("_begun_at", "_connection", "_sock", "is_clear")

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        self.is_clear = connection.pump is None
        self._connection: Connection | None = connection
        self._sock: socket.socket | None = sock
        self._begun_at = time.monotonic()

    def start(self) -> None:
        """Wait for the backend; what the client says meanwhile stays in the kernel."""
        connection, sock = self._connection, self._sock
        assert connection is not None
        assert sock is not None
        connection.enter(self)
        connection.allow(connection.timeouts.greeting_s)
        connection.service.worker.poller.add_reader(sock.fileno(), self._on_backend)

    def on_readable(self) -> None:
        """The client spoke before the backend was ready."""
        if self._connection is not None:
            self._connection.ignore_client()

    def _on_backend(self) -> None:
        connection, sock = self._connection, self._sock
        if connection is None or sock is None:
            return
        try:
            data = sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            connection.refuse(Farewell.UNAVAILABLE, Outcome.BACKEND_EOF)
            return
        try:
            self._feed(connection, sock, data)
        except ProtocolError as error:
            connection.refuse(Farewell.UNAVAILABLE, error.outcome, error.detail)

    def _feed(self, connection: Connection, sock: socket.socket, data: bytes) -> None:
        raise NotImplementedError

    def _open(self, connection: Connection, sock: socket.socket, first: bytes) -> None:
        connection.greeting_ms = since(self._begun_at)
        self._sock = None  # the relay's now; it replaces our reader
        hand_over(connection, sock, first)

    def expired(self) -> Outcome:
        """The backend did not greet in time."""
        return Outcome.BACKEND_TIMEOUT

    def leave(self) -> None:
        """Close a backend that never became ready."""
        connection, sock = self._connection, self._sock
        self._connection = self._sock = None
        if connection is not None and sock is not None:
            connection.service.worker.poller.remove_reader(sock.fileno())
            sock.close()


class GreetingPhase(_BackendPhase):
    """Behind TLS: swallow the greeting (`swallowed` says of what), or pass it on."""

    __slots__ = ("_gate",)

    def __init__(
        self, connection: Connection, sock: socket.socket, swallowed: Protocol | None
    ) -> None:
        super().__init__(connection, sock)
        self._gate = Gate(swallowed) if swallowed is not None else None

    def _feed(self, connection: Connection, sock: socket.socket, data: bytes) -> None:
        first: bytes | NeedMore = data if self._gate is None else self._gate.feed(data)
        if first is not NEED_MORE:
            self._open(connection, sock, first)


class ReplayPhase(_BackendPhase):
    """An MX session in the clear: repeat the client's EHLO, then pass on what it said after it."""

    __slots__ = ("_replay",)

    def __init__(self, connection: Connection, sock: socket.socket, replay: PlainReplay) -> None:
        super().__init__(connection, sock)
        self._replay = replay

    def _feed(self, connection: Connection, sock: socket.socket, data: bytes) -> None:
        for event in self._replay.feed(data):
            match event:
                case ToBackend(data=command):
                    # A line and one read at most: an empty send buffer takes it whole.
                    with contextlib.suppress(BlockingIOError):
                        if sock.send(command) == len(command):
                            continue
                    connection.refuse(Farewell.UNAVAILABLE, Outcome.BACKEND_TIMEOUT)
                    return
                case Opened(rest=rest):
                    self._open(connection, sock, rest)
                case Rejected(data=reply):
                    connection.end(
                        Outcome.BACKEND_REFUSED, reply, "the backend refused the client's EHLO"
                    )
                case _:
                    assert_never(event)
