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
from edge.core.hello.registry import group_name
from edge.core.hello.serverhello import negotiated_group
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.net.challenge import ChallengePhase
from edge.net.connection import Connection, since
from edge.net.dial import DialPhase
from edge.net.tlspump import TlsPump
from edge.ops.log import now
from edge.ops.records import Established
from edge.outcome import Outcome

if TYPE_CHECKING:
    import certs
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


class HelloPhase:
    """Read the ClientHello ourselves, and choose what the handshake may be."""

    __slots__ = ("_begun_at", "_clear_ms", "_connection", "_raw", "_reader")

    def __init__(self, connection: Connection, *, clear_ms: float | None) -> None:
        self._connection: Connection | None = connection
        self._clear_ms = clear_ms
        self._begun_at = time.monotonic()
        self._reader: HelloReader | None = None
        self._raw: list[bytes] = []

    def begin(self) -> None:
        """Implicit TLS: the hello is often here as soon as the connection is."""
        connection = self._connection
        assert connection is not None
        connection.enter(self)
        self.on_readable()
        if self._connection is not None:
            connection.allow(connection.timeouts.hello_s)
        connection.watch_client()

    def wait(self) -> None:
        """STARTTLS: the client, which is heard already, waits for our go-ahead."""
        connection = self._connection
        assert connection is not None
        connection.enter(self)
        connection.allow(connection.timeouts.hello_s)

    def on_readable(self) -> None:
        """Collect the hello; once it is whole, begin the handshake with all that was read."""
        connection = self._connection
        if connection is None or (data := connection.receive(_READ_BYTES)) is None:
            return
        self._raw.append(data)
        try:
            body = self._read(data, connection.service.spec.limits.hello_bytes)
            if body is not NEED_MORE:
                self._begin(connection, connection.service.worker.hellos.parse(body))
        except ProtocolError as error:
            if error.outcome is Outcome.HELLO_INVALID:
                self._begin(connection, None)
            else:
                connection.end(error.outcome, _ALERTS[error.outcome], error.detail)

    def _read(self, data: bytes, limit_bytes: int) -> bytes | NeedMore:
        if self._reader is None:
            body = whole_hello(data, limit_bytes=limit_bytes)
            if body is not None:
                return body
            self._reader = HelloReader(limit_bytes=limit_bytes)
        return self._reader.feed(data)

    def _begin(self, connection: Connection, known: "KnownHello | None") -> None:
        service = connection.service
        if known is not None and is_challenge(known.hello.alpn) and service.spec.mode is Mode.TLS:
            self._answer_challenge(connection, known)
            return
        if known is None:
            # What cannot be read must not choose: the strictest policy answers it, or fails it.
            certificate = service.snapshot.default.certificates[0]
            pump = TlsPump(service.strict, service.site(certificate, connection.protocol))
        else:
            hello = known.hello
            connection.sni = hello.sni
            # A client that was given an address names nobody (RFC 6066 section 3).
            served = service.snapshot.select(hello.sni or connection.destination[0])
            if served is None:
                if service.spec.strict_sni:
                    raise ProtocolError(Outcome.SNI_UNKNOWN, "no certificate for this name")
                served = service.snapshot.default
            choose(hello.alpn, FOR_PROTOCOL[connection.protocol])
            certificate = served.choose(
                signature_algorithms=hello.signature_algorithms,
                ciphers=hello.ciphers,
                max_version=hello.max_version,
            )
            pump = TlsPump(service.base, service.site(certificate, connection.protocol))
        phase = HandshakePhase(
            connection,
            pump,
            certificate,
            ja4=known.ja4 if known is not None else "-",
            clear_ms=self._clear_ms,
            hello_ms=since(self._begun_at),
        )
        self._go_on(connection, pump, phase)

    def _answer_challenge(self, connection: Connection, known: "KnownHello") -> None:
        connection.sni = known.hello.sni
        context = connection.service.worker.challenges.get(known.hello.sni or "")
        if context is None:
            raise ProtocolError(Outcome.ALPN_MISMATCH, "no challenge is pending for this name")
        pump = TlsPump(context, context)
        self._go_on(connection, pump, ChallengePhase(connection, pump))

    def _go_on(
        self, connection: Connection, pump: TlsPump, phase: "HandshakePhase | ChallengePhase"
    ) -> None:
        connection.pump = pump
        pump.feed(b"".join(self._raw))
        connection.enter(phase)
        connection.allow(connection.timeouts.handshake_s)
        phase.step()

    def expired(self) -> Outcome:
        """No whole ClientHello in time."""
        return Outcome.HELLO_TIMEOUT

    def leave(self) -> None:
        """Break the cycle."""
        self._connection = None


class HandshakePhase:
    """Exchange flights until the session is established, then record it and dial."""

    __slots__ = ("_begun_at", "_certificate", "_clear_ms", "_connection", "_group", "_hello_ms",
                 "_ja4", "_pump")  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        pump: TlsPump,
        certificate: "certs.Certificate",
        *,
        ja4: str,
        clear_ms: float | None,
        hello_ms: float,
    ) -> None:
        self._connection: Connection | None = connection
        self._pump = pump
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
            self._pump.feed(data)
            self.step()

    def step(self) -> None:
        """Let OpenSSL go on; send what it says."""
        connection = self._connection
        assert connection is not None
        pump = self._pump
        try:
            is_complete = pump.handshake()
        except ssl.SSLError as error:
            connection.end(self._blame(error), pump.take_outgoing(), _reason(error))
            return
        if not is_complete:
            if pump.has_outgoing:
                self._send_flight(connection)
            return
        version = pump.version
        if version == "TLSv1.3":
            # The ticket can wait for the first answer and share its packet. But a client that
            # speaks first and leaves Nagle on then waits for our ACK of its Finished, which the
            # kernel would delay by 40 ms.
            if connection.is_client_first and not pump.has_incoming:
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        elif pump.has_outgoing:
            self._send_flight(connection)  # the last flight of TLS 1.2 cannot wait
        if self._connection is not None:
            self._establish(connection, version)

    def _send_flight(self, connection: Connection) -> None:
        flight = self._pump.take_outgoing()
        if self._group is None:
            self._group = negotiated_group(flight)
        connection.send(flight)

    def _establish(self, connection: Connection, version: str) -> None:
        pump = self._pump
        service = connection.service
        certificate = self._certificate
        is_resumed = pump.is_resumed
        common_name = _common_name(pump) if service.asks_client_certificate else None
        connection.alpn = pump.alpn
        group = group_name(self._group) if self._group is not None else None
        tls = connection.tls = service.tls_info(
            version, pump.cipher, group, certificate, common_name, is_resumed=is_resumed
        )
        service.worker.records.write(
            Established(
                time=now(),
                id=connection.id,
                listener=service.spec.name,
                protocol=connection.protocol,
                starttls=self._clear_ms is not None,
                client_ip=connection.peer[0],
                client_port=connection.peer[1],
                sni=connection.sni,
                alpn=connection.alpn,
                tls_version=tls.version,
                cipher=tls.cipher,
                group=group,
                resumed=is_resumed,
                ja4=self._ja4,
                certificate_sha256=certificate.leaf_sha256,
                client_certificate_cn=common_name or None,
                backend=service.spec.backend,
                clear_ms=self._clear_ms,
                hello_ms=self._hello_ms,
                handshake_ms=since(self._begun_at),
            )
        )
        DialPhase(connection, None).start()

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
