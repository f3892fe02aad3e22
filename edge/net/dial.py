"""Reach a server of the backend: connect, and send the PROXY header at once."""

import errno
import socket
import ssl
import time
from typing import TYPE_CHECKING

from edge.core.starttls.refusals import Farewell
from edge.net.connection import Connection, since
from edge.net.greeting import begin_session
from edge.outcome import Outcome

if TYPE_CHECKING:
    from edge.core.starttls.events import PlainOpening
    from edge.net.backend import Endpoint

_IN_PROGRESS = errno.EINPROGRESS
_NON_BLOCKING_STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK


def dial(connection: Connection, opening: "PlainOpening | None") -> None:
    """Begin a session with the first server of the backend that can be reached.

    `opening` is None behind TLS. A `DialPhase` is entered if there is anything to wait for.
    """
    backend = connection.service.backend
    begun_at = time.monotonic()
    first = backend.header(
        source=connection.peer,
        destination=connection.destination,
        tls=connection.tls,
        authority=connection.sni,
        alpn=connection.alpn,
        unique_id=connection.id,
    )
    early_bytes = 0
    pump = connection.pump
    # What came with the client's Finished goes to the backend in the header's packet. Never to a
    # mail server: it speaks first, and takes early bytes for an attack.
    if pump is not None and pump.has_incoming and not connection.protocol.is_mail:
        plain = connection.service.worker.plain
        try:
            early_bytes = pump.decrypt_into(plain)
        except ssl.SSLError:
            connection.close(Outcome.CLIENT_ABORTED)
            return
        first += plain[:early_bytes]
    DialPhase(connection, opening, backend.endpoints, first, early_bytes, begun_at).go_on()


class DialPhase:
    """Try the servers of the backend in order."""

    __slots__ = ("_begun_at", "_connection", "_early_bytes", "_endpoints", "_first", "_opening",
                 "_sock", "is_clear")  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        opening: "PlainOpening | None",
        endpoints: "tuple[Endpoint, ...]",
        first: bytes,
        early_bytes: int,
        begun_at: float,
    ) -> None:
        self.is_clear = opening is not None
        self._connection: Connection | None = connection
        self._opening = opening
        self._endpoints = endpoints
        self._first = first
        self._early_bytes = early_bytes
        self._begun_at = begun_at
        self._sock: socket.socket | None = None

    def on_readable(self) -> None:
        """The client has to wait: its bytes stay in the kernel until there is a backend."""
        if self._connection is not None:
            self._connection.ignore_client()

    def go_on(self) -> None:
        """Dial the next server; once there is none, refuse the client."""
        connection = self._connection
        assert connection is not None
        while self._endpoints:
            endpoint, self._endpoints = self._endpoints[0], self._endpoints[1:]
            try:
                sock = socket.socket(endpoint.family, _NON_BLOCKING_STREAM)
            except OSError:
                continue  # out of descriptors: the next server would need one too
            if endpoint.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex(endpoint.address)
            if code == _IN_PROGRESS or not code:
                connection.server = endpoint.label
                # On loopback the connection stands already, although connect says "in progress":
                # trying to write saves a pass of the loop for nearly every session.
                is_written = _write_first(sock, self._first)
                if is_written is None:
                    self._wait(connection, sock)
                    return
                if is_written:
                    self._connected(connection, sock)
                    return
            sock.close()
        connection.server = None
        connection.refuse(Farewell.UNAVAILABLE, Outcome.BACKEND_UNREACHABLE)

    def _wait(self, connection: Connection, sock: socket.socket) -> None:
        if connection.phase is not self:
            connection.enter(self)
        self._sock = sock
        connection.service.worker.poller.add_writer(sock.fileno(), self._on_writable)
        connection.allow(connection.timeouts.connect_s)

    def _on_writable(self) -> None:
        connection, sock = self._connection, self._sock
        if connection is None or sock is None:
            return
        is_written = _write_first(sock, self._first)
        if is_written is None:
            return
        connection.service.worker.poller.remove_writer(sock.fileno())
        self._sock = None
        if is_written:
            self._connected(connection, sock)
        else:
            sock.close()
            self.go_on()

    def _connected(self, connection: Connection, sock: socket.socket) -> None:
        connection.connect_ms = since(self._begun_at)
        connection.bytes_in += self._early_bytes
        begin_session(connection, sock, self._opening)

    def expired(self) -> Outcome | None:
        """The server did not answer in time: on to the next one, if there is one."""
        connection = self._connection
        if connection is None or not self._endpoints:
            return Outcome.BACKEND_UNREACHABLE
        self._give_up(connection)
        self.go_on()
        return None

    def leave(self) -> None:
        """Close what is still being dialled."""
        if self._connection is not None:
            self._give_up(self._connection)
        self._connection = None

    def _give_up(self, connection: Connection) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            connection.service.worker.poller.remove_writer(sock.fileno())
            sock.close()


def _write_first(sock: socket.socket, first: bytes) -> bool | None:
    """True once it is written; None while the connection is not there yet; False if it failed."""
    try:
        if not first:
            sock.getpeername()
            return True
        return sock.send(first) == len(first)
    except BlockingIOError:
        return None
    except OSError as error:
        # Only `getpeername` says so: with nothing to send, nothing else tells.
        if error.errno == errno.ENOTCONN and not sock.getsockopt(
            socket.SOL_SOCKET, socket.SO_ERROR
        ):
            return None
        return False
