"""Accepting: as many as there is room for, and never in a circle when there is none."""

import errno
import socket
from typing import TYPE_CHECKING

from edge.config.tree import Mode
from edge.net.clear import ClearPhase, refuse_unknown
from edge.net.connection import Connection
from edge.net.handshake import begin_tls
from edge.net.sockets import reset
from edge.outcome import Outcome

if TYPE_CHECKING:
    from edge.net.service import Service

_BATCH = 32
_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 1.0
_WILDCARDS = frozenset({"0.0.0.0", "::"})
# The connection died in the queue, or a packet was lost on the way: the next one is fine.
_HARMLESS = frozenset({errno.ECONNABORTED, errno.EPROTO, errno.EINTR, errno.EPERM})


class Acceptor:
    """One listening socket of a service."""

    __slots__ = ("_destination", "_is_open", "_pause_s", "_service", "_sock")

    def __init__(self, service: "Service", sock: socket.socket) -> None:
        self._service = service
        self._sock = sock
        self._pause_s = _FIRST_PAUSE_S
        self._is_open = False
        host, port = sock.getsockname()[:2]
        # On a wildcard only the accepted socket knows the address that the client dialled.
        self._destination: tuple[str, int] | None = None if host in _WILDCARDS else (host, port)

    def open(self) -> None:
        """Begin to accept."""
        self._is_open = True
        self._service.worker.poller.add_reader(self._sock.fileno(), self._on_readable)

    def pause(self) -> None:
        """Leave further connections in the kernel's queue."""
        self._service.worker.poller.remove_reader(self._sock.fileno())

    def close(self) -> None:
        """Stop for good. The master and the other workers still have the socket."""
        self._is_open = False
        self.pause()
        self._sock.close()

    def _on_readable(self) -> None:
        service = self._service
        for _ in range(_BATCH):
            if not service.has_room:
                service.wait_for_room()
                return
            try:
                sock, peer = self._sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _HARMLESS:
                    # Out of descriptors or memory: trying again at once would only spin.
                    self.pause()
                    service.worker.loop.call_later(self._pause_s, self.resume)
                    self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
                return
            self._pause_s = _FIRST_PAUSE_S
            sock.setblocking(False)
            destination = self._destination or sock.getsockname()[:2]
            connection = Connection(service, sock, peer[:2], destination)
            try:
                begin(connection)
            except Exception as error:  # noqa: BLE001 - a bug ends one connection, not the listener
                service.worker.on_bug(error)
                connection.close(Outcome.INTERNAL_ERROR, how=reset)

    def resume(self) -> None:
        """Accept again, unless closed meanwhile."""
        if self._is_open:
            self.open()


def begin(connection: Connection) -> None:
    """The first step of a connection that was just accepted."""
    service = connection.service
    service.opened()
    if service.spec.mode is Mode.TLS:
        begin_tls(connection)
    elif service.backend.learnt is None:
        refuse_unknown(connection)
    else:
        ClearPhase(connection, service.backend.learnt).start()
