"""Bytes both ways between a client and a backend, once both are ready.

One read and one write per readiness event, level-triggered: reading until EAGAIN costs more than
another pass of the loop. What a peer does not take at once is kept, and nothing more is read for
it until it has: the buffer of a direction is one read, never more.
"""

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

from edge.core.relay import Order, RelayRules
from edge.net.sockets import reset
from edge.outcome import Outcome

if TYPE_CHECKING:
    from edge.config.tree import Timeouts
    from edge.net.connection import Connection
    from edge.net.tlspump import TlsPump

DOWN_BYTES = 128 * 1024
"""One read of the backend. The memory BIO keeps the size of the largest write it ever saw, so this
also bounds what a connection that was once busy goes on to cost while it idles."""

UP_BYTES = 256 * 1024
"""One read of the client; the pump feeds it in slices."""


class Relay:
    """A relay in the clear; `TlsRelay` adds the pump. Owns the backend's socket."""

    __slots__ = ("_backend", "_backend_fd", "_client", "_client_fd", "_clock", "_connection",
                 "_ends_at", "_idle_s", "_is_deaf", "_poller", "_rules", "_timeouts", "_to_backend",
                 "_to_client", "_worker")  # fmt: skip

    def __init__(
        self, connection: "Connection", backend: socket.socket, timeouts: "Timeouts"
    ) -> None:
        worker = connection.service.worker
        self._connection = connection
        self._worker = worker
        self._poller = worker.poller
        self._clock = worker.deadlines
        self._client = connection.sock
        self._client_fd = connection.fd
        self._backend = backend
        self._backend_fd = backend.fileno()
        self._timeouts = timeouts
        self._idle_s = timeouts.idle_s
        self._ends_at = connection.accepted_at + timeouts.lifetime_s
        self._rules = RelayRules()
        self._to_backend: memoryview | bytes = b""
        self._to_client: memoryview | bytes = b""
        self._is_deaf = False

    def start(self, first: bytes) -> None:
        """Begin, with bytes of the backend that were read already."""
        self._touch()
        self._worker.deadlines.watch(self._connection)
        self._poller.add_reader(self._backend_fd, self._on_backend)
        self._read_client()
        if first:
            self._send_client(memoryview(first))
        self._catch_up()

    def _catch_up(self) -> None:
        """Pass on what the client has sent before the relay began."""

    # --- the client's side ---

    def _on_client(self) -> None:
        worker = self._worker
        try:
            count = self._client.recv_into(worker.buffer, UP_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._obey(self._rules.client_broke_off())
            return
        if count:
            self._touch()
            self._send_backend(worker.view[:count])
        else:
            self._poller.remove_reader(self._client_fd)
            self._obey(self._rules.client_finished())

    def _encode(self, plain: memoryview) -> memoryview | bytes:
        return plain

    def _farewell(self) -> bytes:
        return b""

    def _send_client(self, plain: memoryview) -> None:
        """Pass bytes of the backend on; stop reading it if the client does not take them all."""
        self._connection.bytes_out += len(plain)
        self._write_client(self._encode(plain))

    def _write_client(self, data: memoryview | bytes) -> None:
        if self._to_client:
            # Only a last word comes here while bytes wait: the backend is not read meanwhile.
            self._to_client = bytes(self._to_client) + bytes(data)
            return
        try:
            sent = self._client.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._obey(self._rules.client_broke_off())
            return
        if sent != len(data):
            # `data` may be a view of the shared buffer, which the next callback overwrites.
            self._to_client = bytes(memoryview(data)[sent:])
            self._poller.remove_reader(self._backend_fd)
            self._poller.add_writer(self._client_fd, self._on_client_writable)

    def _on_client_writable(self) -> None:
        data = memoryview(self._to_client)
        try:
            sent = self._client.send(data)
        except BlockingIOError:
            return
        except OSError:
            self._obey(self._rules.client_broke_off())
            return
        self._touch()
        self._to_client = data[sent:] if sent != len(data) else b""
        if self._to_client:
            return
        self._poller.remove_writer(self._client_fd)
        if self._rules.is_backend_finished:
            self._shut(self._client)
        else:
            self._poller.add_reader(self._backend_fd, self._on_backend)

    # --- the backend's side ---

    def _on_backend(self) -> None:
        worker = self._worker
        try:
            count = self._backend.recv_into(worker.buffer, DOWN_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._obey(self._rules.backend_broke_off())
            return
        if count:
            self._touch()
            self._send_client(worker.view[:count])
        else:
            self._poller.remove_reader(self._backend_fd)
            self._obey(self._rules.backend_finished())

    def _send_backend(self, plain: memoryview) -> None:
        """Pass bytes of the client on; stop reading it if the backend does not take them all."""
        if self._is_deaf:
            return
        count = len(plain)
        self._connection.bytes_in += count
        try:
            sent = self._backend.send(plain)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._backend_stopped_reading()
            return
        if sent != count:
            self._to_backend = bytes(plain[sent:])
            self._poller.remove_reader(self._client_fd)
            self._poller.add_writer(self._backend_fd, self._on_backend_writable)

    def _on_backend_writable(self) -> None:
        data = memoryview(self._to_backend)
        try:
            sent = self._backend.send(data)
        except BlockingIOError:
            return
        except OSError:
            self._to_backend = b""
            self._poller.remove_writer(self._backend_fd)
            self._backend_stopped_reading()
            self._read_client()
            return
        self._touch()
        self._to_backend = data[sent:] if sent != len(data) else b""
        if self._to_backend:
            return
        self._poller.remove_writer(self._backend_fd)
        if self._rules.is_client_finished:
            self._shut(self._backend)
        else:
            self._read_client()

    def _read_client(self) -> None:
        if not self._to_backend and not self._rules.is_client_finished:
            self._poller.add_reader(self._client_fd, self._on_client)

    def _backend_stopped_reading(self) -> None:
        """Its last words ("421 too many errors") may still wait to be read, and reach the client.

        What the client goes on to say is read and dropped: closing on unread bytes would send a
        reset, which overtakes those last words.
        """
        self._is_deaf = True
        self._ends_at = min(self._ends_at, self._clock.now + self._timeouts.half_closed_s)
        self._touch()
        self._worker.deadlines.watch(self._connection)

    # --- ends ---

    def _obey(self, order: Order) -> None:
        match order:
            case Order.FINISH_BACKEND:
                self._finish(self._backend, self._to_backend)
            case Order.FINISH_CLIENT:
                if farewell := self._farewell():
                    self._write_client(farewell)
                if self._connection.relay is self:
                    self._finish(self._client, self._to_client)
            case Order.CLOSE:
                self._close(backend=socket.socket.close, client=socket.socket.close)
            case Order.ABORT_BACKEND:
                self._close(backend=reset, client=socket.socket.close)
            case Order.ABORT:
                self._close(backend=reset, client=reset)
            case _:
                assert_never(order)

    def _finish(self, sock: socket.socket, pending: memoryview | bytes) -> None:
        self._idle_s = min(self._idle_s, self._timeouts.half_closed_s)
        self._touch()
        self._worker.deadlines.watch(self._connection)
        if not pending:
            self._shut(sock)

    def _shut(self, sock: socket.socket) -> None:
        # ENOTCONN: the peer has gone meanwhile, which the reader notices.
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        if self._rules.is_done and not self._to_backend and not self._to_client:
            self._obey(Order.CLOSE)

    def expired(self, now: float) -> None:
        """The deadline of the connection has passed."""
        if now >= self._ends_at:
            outcome = Outcome.LIFETIME_EXCEEDED
        elif self._rules.is_client_finished or self._rules.is_backend_finished:
            outcome = Outcome.HALF_CLOSED_TIMEOUT
        else:
            outcome = Outcome.IDLE_TIMEOUT
        self._obey(self._rules.timed_out(outcome))

    def abort(self, outcome: Outcome) -> None:
        """End both sides now."""
        self._obey(self._rules.timed_out(outcome))

    def _close(
        self, *, backend: Callable[[socket.socket], None], client: Callable[[socket.socket], None]
    ) -> None:
        self._poller.forget(self._backend_fd)
        backend(self._backend)
        self._connection.close(self._rules.outcome, how=client)

    def _touch(self) -> None:
        due = self._clock.now + self._idle_s
        ends_at = self._ends_at
        self._connection.deadline = due if due < ends_at else ends_at  # noqa: FURB136 - hot path


class TlsRelay(Relay):
    """A relay whose client speaks TLS."""

    __slots__ = ("_holds_ticket", "_tls")

    def __init__(
        self,
        connection: "Connection",
        backend: socket.socket,
        timeouts: "Timeouts",
        tls: "TlsPump",
    ) -> None:
        super().__init__(connection, backend, timeouts)
        self._tls = tls
        self._holds_ticket = tls.has_outgoing
        """The TLS 1.3 ticket waits for the first reply, to share its packet."""

    def _catch_up(self) -> None:
        # Also when a close_notify was read already, with what came before it.
        if (self._tls.has_incoming or self._tls.is_finished) and self._connection.relay is self:
            self._decrypt(self._worker.view[:0])

    def _on_client(self) -> None:
        worker = self._worker
        try:
            count = self._client.recv_into(worker.buffer, UP_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._obey(self._rules.client_broke_off())
            return
        if not count:
            self._poller.remove_reader(self._client_fd)
            self._obey(self._rules.client_broke_off())
            return
        self._touch()
        self._decrypt(worker.view[:count])

    def _decrypt(self, ciphertext: memoryview) -> None:
        tls = self._tls
        plain = self._worker.plain
        try:
            count = tls.decrypt(ciphertext, plain)
        except ssl.SSLError:
            # A forged or broken record. OpenSSL left an alert; nobody can rely on it arriving.
            with contextlib.suppress(OSError):
                self._client.send(tls.take_outgoing())
            self._obey(self._rules.client_broke_off())
            return
        if count:
            self._send_backend(plain[:count])
        is_ticket_held = self._holds_ticket and not self._connection.bytes_out
        if tls.has_outgoing and not is_ticket_held and not self._to_client:
            # The answer to a KeyUpdate, or the refusal of a renegotiation.
            self._write_client(tls.take_outgoing())
        if tls.is_finished and not self._rules.is_client_finished:
            self._poller.remove_reader(self._client_fd)
            self._obey(self._rules.client_finished())

    def _encode(self, plain: memoryview) -> bytes:
        return self._tls.encrypt(plain)

    def _farewell(self) -> bytes:
        return self._tls.finish()
