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
    from edge.net.tlspump import TlsPump

_NON_BLOCKING_STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK


class DialPhase:
    """Try the servers of the backend in order; `opening` is None behind TLS."""

    __slots__ = ("_begun_at", "_connection", "_early_bytes", "_endpoints", "_first", "_opening",
                 "_sock", "is_clear")  # fmt: skip

    def __init__(self, connection: Connection, opening: "PlainOpening | None") -> None:
        backend = connection.service.backend
        self.is_clear = opening is not None
        self._connection: Connection | None = connection
        self._opening = opening
        self._endpoints = list(backend.endpoints)
        self._sock: socket.socket | None = None
        self._begun_at = time.monotonic()
        self._early_bytes = 0
        self._first = backend.header(
            source=connection.peer,
            destination=connection.destination,
            tls=connection.tls,
            authority=connection.sni,
            alpn=connection.alpn,
            unique_id=connection.id,
        )

    def start(self) -> None:
        """Dial the first server."""
        connection = self._connection
        assert connection is not None
        connection.enter(self)
        if connection.pump is not None and not connection.protocol.is_mail:
            try:
                self._take_early(connection, connection.pump)
            except ssl.SSLError:
                connection.close(Outcome.CLIENT_ABORTED)
                return
        self._dial_next(connection)

    def _take_early(self, connection: Connection, pump: "TlsPump") -> None:
        """What came with the client's Finished goes to the backend in the header's packet.

        Never to a mail server: it speaks first, and takes early bytes for an attack.
        """
        if pump.has_incoming:
            plain = connection.service.worker.plain
            self._early_bytes = pump.decrypt_into(plain)
            self._first += plain[: self._early_bytes]

    def on_readable(self) -> None:
        """The client has to wait: its bytes stay in the kernel until there is a backend."""
        if self._connection is not None:
            self._connection.ignore_client()

    def _dial_next(self, connection: Connection) -> None:
        while self._endpoints:
            endpoint = self._endpoints.pop(0)
            try:
                sock = socket.socket(endpoint.family, _NON_BLOCKING_STREAM)
            except OSError:
                continue  # out of descriptors: the next server would need one too
            if endpoint.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex(endpoint.address)
            if code in {0, errno.EINPROGRESS}:
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
            self._dial_next(connection)

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
        self._dial_next(connection)
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
