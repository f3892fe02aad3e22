"""From the ClientHello to an established TLS session."""

import socket
import ssl
import time
from typing import TYPE_CHECKING, Final

from edge.config.tree import Mode
from edge.core.hello.alerts import (
    DECODE_ERROR,
    NO_APPLICATION_PROTOCOL,
    UNEXPECTED_MESSAGE,
    UNRECOGNIZED_NAME,
    alert_record,
)
from edge.core.hello.alpn import FOR_PROTOCOL, choose, is_challenge
from edge.core.hello.reader import HelloReader, whole_hello
from edge.core.hello.serverhello import negotiated_group
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.net.challenge import ChallengePhase
from edge.net.connection import Connection, since
from edge.net.dial import dial
from edge.net.tlspump import TlsPump
from edge.ops.log import now
from edge.ops.records import Established
from edge.outcome import Outcome

if TYPE_CHECKING:
    import certs
    from edge.core.hello.clienthello import ClientHello
    from edge.core.hello.memory import KnownHello

_READ_BYTES = 4096
_ALERTS: Final = {
    Outcome.ALPN_MISMATCH: alert_record(NO_APPLICATION_PROTOCOL),
    Outcome.SNI_UNKNOWN: alert_record(UNRECOGNIZED_NAME),
    Outcome.HELLO_TOO_LARGE: alert_record(DECODE_ERROR),
    Outcome.WRONG_PROTOCOL: alert_record(UNEXPECTED_MESSAGE),
}
_CERTIFICATE_ERRORS: Final = frozenset(
    {"PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"}
)
"""Reasons by which OpenSSL refuses a client certificate, or the want of one."""


def begin_tls(connection: Connection) -> None:
    """Implicit TLS: the hello is often here as soon as the connection is; else wait for it."""
    received = connection.receive(_READ_BYTES)
    if connection.is_closed:
        return
    raw = bytes(received) if received is not None else b""
    body = whole_hello(raw, limit_bytes=connection.service.spec.limits.hello_bytes)
    if body is not None:
        _begin(connection, raw, body, clear_ms=None, begun_at=connection.accepted_at)
    else:
        phase = HelloPhase(connection, clear_ms=None, begun_at=connection.accepted_at)
        phase.wait()
        if raw:
            phase.feed(raw)
    connection.watch_client()


class HelloPhase:
    """Read the ClientHello ourselves, in as many pieces as it comes."""

    __slots__ = ("_begun_at", "_clear_ms", "_connection", "_raw", "_reader")

    def __init__(self, connection: Connection, *, clear_ms: float | None, begun_at: float) -> None:
        self._connection: Connection | None = connection
        self._clear_ms = clear_ms
        self._begun_at = begun_at
        self._reader: HelloReader | None = None
        self._raw = bytearray()

    def wait(self) -> None:
        """From now on the client has so long."""
        connection = self._connection
        assert connection is not None
        connection.enter(self)
        connection.allow(connection.timeouts.hello_s)

    def on_readable(self) -> None:
        """The hello, or a part of it."""
        connection = self._connection
        if connection is not None and (data := connection.receive(_READ_BYTES)) is not None:
            self.feed(bytes(data))

    def feed(self, data: bytes) -> None:
        """Collect the hello; once it is whole, begin the handshake with all that was read."""
        connection = self._connection
        assert connection is not None
        self._raw += data
        body: bytes | NeedMore | None
        try:
            body = self._read(data, connection.service.spec.limits.hello_bytes)
        except ProtocolError as error:
            if error.outcome is not Outcome.HELLO_INVALID:
                connection.end(error.outcome, _ALERTS[error.outcome], error.detail)
                return
            body = None
        if body is not NEED_MORE:
            _begin(connection, self._raw, body, clear_ms=self._clear_ms, begun_at=self._begun_at)

    def _read(self, data: bytes, limit_bytes: int) -> bytes | NeedMore:
        if self._reader is None:
            body = whole_hello(data, limit_bytes=limit_bytes)
            if body is not None:
                return body
            self._reader = HelloReader(limit_bytes=limit_bytes)
        return self._reader.feed(data)

    def expired(self) -> Outcome:
        """No whole ClientHello in time."""
        return Outcome.HELLO_TIMEOUT

    def leave(self) -> None:
        """Break the cycle."""
        self._connection = None


def _begin(
    connection: Connection,
    raw: bytes | bytearray,
    body: bytes | None,
    *,
    clear_ms: float | None,
    begun_at: float,
) -> None:
    """Choose what the handshake may be, and begin it with all that was read (`raw`).

    `body` is the ClientHello; None when what came cannot be read as one.
    """
    try:
        known = connection.service.worker.hellos.parse(body) if body is not None else None
    except ProtocolError:
        known = None
    try:
        phase = _answer(connection, known, clear_ms=clear_ms, begun_at=begun_at)
    except ProtocolError as error:
        connection.end(error.outcome, _ALERTS[error.outcome], error.detail)
        return
    connection.pump = phase.pump
    phase.pump.feed(raw)
    connection.enter(phase)
    connection.allow(connection.timeouts.handshake_s)
    phase.step()


def _answer(
    connection: Connection, known: "KnownHello | None", *, clear_ms: float | None, begun_at: float
) -> "HandshakePhase | ChallengePhase":
    service = connection.service
    if known is None:
        # What cannot be read must not choose: the strictest policy answers it, or fails it.
        certificate = service.snapshot.default.certificates[0]
        context, ja4 = service.contexts.strict, "-"
    else:
        hello = known.hello
        connection.sni = hello.sni
        if is_challenge(hello.alpn) and service.spec.mode is Mode.TLS:
            return _answer_challenge(connection)
        certificate = _certificate(connection, hello)
        context, ja4 = service.contexts.base, known.ja4
    pump = TlsPump(context, service.contexts.site(certificate, connection.protocol))
    hello_ms = since(begun_at)
    return HandshakePhase(connection, pump, certificate, ja4, clear_ms, hello_ms)


def _certificate(connection: Connection, hello: "ClientHello") -> "certs.Certificate":
    service = connection.service
    # A client that was given an address names nobody (RFC 6066 section 3).
    served = service.snapshot.select(hello.sni or connection.destination[0])
    if served is None:
        if service.spec.strict_sni:
            raise ProtocolError(Outcome.SNI_UNKNOWN, "no certificate for this name")
        served = service.snapshot.default
    choose(hello.alpn, FOR_PROTOCOL[connection.protocol])
    return served.choose(
        signature_algorithms=hello.signature_algorithms,
        ciphers=hello.ciphers,
        max_version=hello.max_version,
    )


def _answer_challenge(connection: Connection) -> ChallengePhase:
    context = connection.service.worker.challenges.get(connection.sni or "")
    if context is None:
        raise ProtocolError(Outcome.ALPN_MISMATCH, "no challenge is pending for this name")
    return ChallengePhase(connection, TlsPump(context, context))


class HandshakePhase:
    """Exchange flights until the session is established, then record it and dial."""

    __slots__ = ("_begun_at", "_certificate", "_clear_ms", "_connection", "_group", "_hello_ms",
                 "_ja4", "pump")  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        pump: TlsPump,
        certificate: "certs.Certificate",
        ja4: str,
        clear_ms: float | None,
        hello_ms: float,
    ) -> None:
        self._connection: Connection | None = connection
        self.pump = pump
        self._certificate = certificate
        self._ja4 = ja4
        self._clear_ms = clear_ms
        self._hello_ms = hello_ms
        self._begun_at = time.monotonic()
        self._group: int | None = None

    def on_readable(self) -> None:
        """The client's next flight, or a part of it."""
        connection = self._connection
        if connection is not None and (data := connection.receive(_READ_BYTES)) is not None:
            self.pump.feed(data)
            self.step()

    def step(self) -> None:
        """Let OpenSSL go on; send what it says."""
        connection = self._connection
        assert connection is not None
        pump = self.pump
        try:
            is_complete = pump.handshake()
        except ssl.SSLError as error:
            connection.end(self._blame(error), pump.take_outgoing(), _reason(error))
            return
        if not is_complete:
            self._send_flight(connection)
            return
        version = pump.version
        if version != "TLSv1.3":
            self._send_flight(connection)  # the last flight of TLS 1.2 cannot wait
        elif connection.is_client_first and not pump.has_incoming:
            # The ticket can wait for the first answer and share its packet. But a client that
            # speaks first and leaves Nagle on then waits for our ACK of its Finished, which the
            # kernel would delay by 40 ms.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if self._connection is not None:
            self._establish(connection, version)

    def _send_flight(self, connection: Connection) -> None:
        flight = self.pump.take_outgoing()
        if not flight:
            return
        if self._group is None:
            self._group = negotiated_group(flight)
        connection.send(flight)

    def _establish(self, connection: Connection, version: str) -> None:
        pump = self.pump
        service = connection.service
        certificate = self._certificate
        is_resumed = pump.is_resumed
        common_name = _common_name(pump) if service.asks_client_certificate else None
        tls = connection.tls = service.tls_info(
            version, pump.cipher, self._group, certificate, common_name, is_resumed=is_resumed
        )
        alpn = connection.alpn = pump.alpn
        host, port = connection.peer
        spec = service.spec
        service.worker.records.write(
            Established(
                time=now(),
                id=connection.id,
                listener=spec.name,
                protocol=connection.protocol,
                starttls=self._clear_ms is not None,
                client_ip=host,
                client_port=port,
                sni=connection.sni,
                alpn=alpn,
                tls_version=version,
                cipher=tls.cipher,
                group=tls.group,
                resumed=is_resumed,
                ja4=self._ja4,
                certificate_sha256=certificate.leaf_sha256,
                client_certificate_cn=common_name or None,
                backend=spec.backend,
                clear_ms=self._clear_ms,
                hello_ms=self._hello_ms,
                handshake_ms=since(self._begun_at),
            )
        )
        dial(connection, None)

    def _blame(self, error: ssl.SSLError) -> Outcome:
        if error.reason in _CERTIFICATE_ERRORS:
            return Outcome.CLIENT_CERTIFICATE_FAILED
        return Outcome.HELLO_INVALID if self._ja4 == "-" else Outcome.HANDSHAKE_FAILED

    def expired(self) -> Outcome:
        """The client stopped half-way."""
        return Outcome.HANDSHAKE_TIMEOUT

    def leave(self) -> None:
        """Break the cycle."""
        self._connection = None


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's own word for it (`NO_SHARED_CIPHER`), which no peer can put text into."""
    return error.reason or type(error).__name__


def _common_name(pump: TlsPump) -> str | None:
    """The CN of the verified client certificate; empty when it has none; None without one."""
    certificate = pump.client_certificate()
    if certificate is None:
        return None
    subject = certificate.get("subject", ())
    assert isinstance(subject, tuple)
    for rdn in subject:
        for key, value in rdn:
            if key == "commonName":
                return str(value)
    return ""
