"""One client connection, from accept to close: what is true of it, and how it ends.

The steps it goes through are objects of their own, in this order: `ClearPhase` (STARTTLS listeners
only), `HelloPhase`, `HandshakePhase`, `DialPhase`, then a relay. One step at a time owns what
happens when the client's socket becomes readable; the connection owns the socket, the deadlines,
the bytes that wait to be written, and the closing record.
"""

import socket
import time
from collections.abc import Callable
from typing import Protocol as TypingProtocol

from edge.config.tree import Mode, Timeouts
from edge.core.protocol import Protocol
from edge.core.proxy.v2 import TlsInfo
from edge.core.starttls.refusals import Farewell, farewell
from edge.net.relay import Relay
from edge.net.service import Service
from edge.net.sockets import reset
from edge.net.tlspump import TlsPump
from edge.ops.log import now
from edge.ops.records import Closed
from edge.outcome import Outcome

_LINGER_S = 2.0
_LINGER_BYTES = 1 << 20


class Phase(TypingProtocol):
    """One step of the set-up."""

    def on_readable(self) -> None:
        """The client sent something, or its end of stream."""

    def expired(self) -> Outcome | None:
        """The deadline of this step has passed: the outcome to record, None if it goes on."""

    def leave(self) -> None:
        """Another step begins, or the connection ends: let go of everything."""


class Connection:
    """The state that outlives a step."""

    __slots__ = (
        "__weakref__",
        "_is_closed",
        "_setup_ends_at",
        "accepted_at",
        "alpn",
        "bucket",
        "bytes_in",
        "bytes_out",
        "connect_ms",
        "deadline",
        "destination",
        "detail",
        "fd",
        "greeting_ms",
        "id",
        "outcome",
        "peer",
        "phase",
        "protocol",
        "pump",
        "relay",
        "server",
        "service",
        "sni",
        "sock",
        "timeouts",
        "tls",
        "unsent",
    )  # fmt: skip

    def __init__(
        self,
        service: Service,
        sock: socket.socket,
        peer: tuple[str, int],
        destination: tuple[str, int],
    ) -> None:
        self.service = service
        self.sock = sock
        self.fd = sock.fileno()
        self.peer = peer
        self.destination = destination
        self.id = service.worker.new_id()
        self.protocol: Protocol = service.protocol
        self.timeouts: Timeouts = service.spec.timeouts[self.protocol]
        self.accepted_at = time.monotonic()
        self._setup_ends_at = self.deadline = self.accepted_at + self.timeouts.setup_s
        self.bucket = 0
        self.phase: Phase | None = None
        self.relay: Relay | None = None
        self.pump: TlsPump | None = None
        self.tls: TlsInfo | None = None
        self.sni: str | None = None
        self.alpn: str | None = None
        self.server: str | None = None
        self.connect_ms: float | None = None
        self.greeting_ms: float | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self.unsent: memoryview | bytes = b""
        self.outcome: Outcome | None = None
        self.detail: str | None = None
        self._is_closed = False

    @property
    def is_client_first(self) -> bool:
        """Whether, once TLS is established, the client speaks before the backend does."""
        return not self.protocol.is_mail or self.service.spec.mode is Mode.STARTTLS

    # --- steps ---

    def enter(self, phase: Phase) -> None:
        """Begin a step. Until it says what it is allowed, the deadline is that of the last one."""
        if self.phase is not None:
            self.phase.leave()
        self.phase = phase

    def allow(self, limit_s: float) -> None:
        """From now on the step has `limit_s` seconds, and never more than the set-up has left."""
        due, ends_at = time.monotonic() + limit_s, self._setup_ends_at
        self.deadline = due if due < ends_at else ends_at  # noqa: FURB136 - hot path
        self.service.worker.deadlines.watch(self)

    def hand_over(self, relay: Relay, first: bytes) -> None:
        """The set-up is over: the relay owns the sockets' events from here on."""
        if self.phase is not None:
            self.phase.leave()
        self.phase = None
        self.relay = relay
        relay.start(first)

    def watch_client(self) -> None:
        """Let the step hear of the client's bytes, once it has taken all of ours."""
        if self._is_closed or self.unsent:
            return
        self.service.worker.poller.add_reader(self.fd, self._on_readable)

    def ignore_client(self) -> None:
        """Leave the client's bytes in the kernel."""
        self.service.worker.poller.remove_reader(self.fd)

    def _on_readable(self) -> None:
        phase = self.phase
        if phase is not None:
            phase.on_readable()

    def expired(self, now: float) -> None:
        """A deadline has passed."""
        if self.relay is not None:
            self.relay.expired(now)
        elif self.outcome is not None or self.phase is None:
            self.close(self.outcome or Outcome.SETUP_TIMEOUT)
        elif now >= self._setup_ends_at:
            self.refuse(Farewell.TIMEOUT, Outcome.SETUP_TIMEOUT)
        elif (outcome := self.phase.expired()) is not None:
            self.refuse(Farewell.TIMEOUT, outcome)

    # --- reading and writing during the set-up ---

    @property
    def is_closed(self) -> bool:
        """Whether all is over."""
        return self._is_closed

    def receive(self, limit_bytes: int) -> memoryview | None:
        """What the client sent; None when there is nothing, or when the connection has ended.

        The bytes are in the buffer of all connections: they are gone once a callback returns.
        """
        worker = self.service.worker
        try:
            count = self.sock.recv_into(worker.buffer, limit_bytes)
        except BlockingIOError:
            return None
        except OSError:
            count = 0
        if count:
            return worker.view[:count]
        self.close(Outcome.CLIENT_GONE)
        return None

    def send(self, data: bytes) -> None:
        """Write to the client. While it does not take everything, it is not listened to."""
        if self.unsent:
            self.unsent = bytes(self.unsent) + data
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close(self.outcome or Outcome.CLIENT_GONE)
            return
        if sent != len(data):
            self.unsent = memoryview(data)[sent:]
            self.ignore_client()
            self.service.worker.poller.add_writer(self.fd, self._on_writable)

    def _on_writable(self) -> None:
        try:
            sent = self.sock.send(self.unsent)
        except BlockingIOError:
            return
        except OSError:
            self.close(self.outcome or Outcome.CLIENT_GONE)
            return
        self.unsent = memoryview(self.unsent)[sent:]
        if not self.unsent:
            self.unsent = b""
            self.service.worker.poller.remove_writer(self.fd)
            self.watch_client()
            if self.outcome is not None:
                self._shut()

    # --- ends ---

    def refuse(self, kind: Farewell, outcome: Outcome, detail: str | None = None) -> None:
        """Say goodbye in the protocol of the listener where the phase allows it, and end."""
        text = farewell(self.protocol, kind, self.service.worker.hostname)
        if self.pump is None:
            # Before TLS begins, only a clear phase may speak; a ClientHello is owed an alert.
            words = text if self._is_clear else b""
        elif self.tls is not None:
            words = (self.pump.encrypt(text) if text else b"") + self.pump.finish()
        else:
            words = b""
        self.end(outcome, words, detail)

    @property
    def _is_clear(self) -> bool:
        return getattr(self.phase, "is_clear", False)

    def end(self, outcome: Outcome, last_words: bytes = b"", detail: str | None = None) -> None:
        """Write the last words, then close in a way that lets them arrive.

        A socket closed with unread bytes sends a reset, which overtakes what was written. So the
        sending side is shut first, and what the client still says is read and dropped for a while.
        """
        if self.outcome is not None:
            return
        self.outcome = outcome
        self.detail = detail
        if not last_words:
            self.close(outcome)
            return
        self.enter(_Lingering(self))
        self.deadline = time.monotonic() + _LINGER_S  # not cut short by an expired set-up
        self.service.worker.deadlines.watch(self)
        self.send(last_words)
        if not self._is_closed and not self.unsent:
            self._shut()
            self.watch_client()

    def _shut(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(self.outcome or Outcome.CLIENT_GONE)

    def shut_down(self) -> None:
        """The worker is stopping: end what has not become a session yet."""
        if self.relay is None and self.outcome is None:
            self.refuse(Farewell.SHUTDOWN, Outcome.SHUTDOWN)

    def abort(self, outcome: Outcome) -> None:
        """End now, with a reset on both sides."""
        if self.relay is not None:
            self.relay.abort(outcome)
        else:
            self.close(outcome, how=reset)

    def close(
        self, outcome: Outcome, *, how: Callable[[socket.socket], None] = socket.socket.close
    ) -> None:
        """Let go of everything and write the closing record. Harmless when called again."""
        if self._is_closed:
            return
        self._is_closed = True
        self.outcome = self.outcome or outcome
        service = self.service
        worker = service.worker
        worker.poller.forget(self.fd)
        worker.deadlines.forget(self)
        if self.phase is not None:
            self.phase.leave()
        # The step and the relay point back here: without this the collector would be needed.
        self.phase = self.relay = self.pump = None
        how(self.sock)
        service.closed()
        self._record(self.outcome)

    def _record(self, outcome: Outcome) -> None:
        service = self.service
        service.worker.records.write(
            Closed(
                time=now(),
                id=self.id,
                listener=service.spec.name,
                protocol=self.protocol,
                tls=self.tls is not None,
                client_ip=self.peer[0],
                client_port=self.peer[1],
                sni=self.sni,
                backend=service.spec.backend,
                server=self.server,
                outcome=outcome,
                detail=self.detail,
                bytes_in=self.bytes_in,
                bytes_out=self.bytes_out,
                connect_ms=self.connect_ms,
                greeting_ms=self.greeting_ms,
                duration_ms=since(self.accepted_at),
            )
        )


def since(begin: float) -> float:
    """Milliseconds from a monotonic moment until now, to the microsecond."""
    return round((time.monotonic() - begin) * 1_000_000) / 1000


class _Lingering:
    """The last words are written: read and drop until the client has closed, or is too slow."""

    __slots__ = ("_connection", "_left")

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection
        self._left = _LINGER_BYTES

    def on_readable(self) -> None:
        connection = self._connection
        if connection is None:
            return
        data = connection.receive(65536)
        if data is not None:
            self._left -= len(data)
            if self._left < 0:
                connection.close(Outcome.CLIENT_GONE)

    def expired(self) -> Outcome:
        return Outcome.CLIENT_GONE

    def leave(self) -> None:
        self._connection = None
