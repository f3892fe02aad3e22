"""The handshake with a CA that validates a name by tls-alpn-01: it ends with the handshake.

Nothing of it ever reaches a backend, whatever the listener's policy says of client certificates:
the context of a challenge asks for none, and must not become a way around those who do.
"""

import ssl

from edge.net.connection import Connection
from edge.net.tlspump import TlsPump
from edge.ops.log import now
from edge.ops.records import ChallengeAnswered
from edge.outcome import Outcome

_READ_BYTES = 4096


class ChallengePhase:
    """Show the certificate, say goodbye."""

    __slots__ = ("_connection", "pump")

    def __init__(self, connection: Connection, pump: TlsPump) -> None:
        self._connection: Connection | None = connection
        self.pump = pump

    def on_readable(self) -> None:
        """The CA's next flight, or a part of it."""
        connection = self._connection
        if connection is not None and (data := connection.receive(_READ_BYTES)) is not None:
            self.pump.feed(data)
            self.step()

    def step(self) -> None:
        """Let OpenSSL go on; once it is done, that was all."""
        connection = self._connection
        assert connection is not None
        try:
            is_complete = self.pump.handshake()
        except ssl.SSLError as error:
            detail = error.reason or type(error).__name__
            connection.end(Outcome.HANDSHAKE_FAILED, self.pump.take_outgoing(), detail)
            return
        if is_complete:
            self._record(connection)
            connection.end(Outcome.CHALLENGE_ANSWERED, self.pump.finish())
        elif flight := self.pump.take_outgoing():
            connection.send(flight)

    def _record(self, connection: Connection) -> None:
        connection.service.worker.records.write(
            ChallengeAnswered(
                time=now(),
                id=connection.id,
                listener=connection.service.spec.name,
                client_ip=connection.peer[0],
                client_port=connection.peer[1],
                sni=connection.sni,
                tls_version=self.pump.version,
            )
        )

    def expired(self) -> Outcome:
        """The CA stopped half-way."""
        return Outcome.HANDSHAKE_TIMEOUT

    def leave(self) -> None:
        """Break the cycle."""
        self._connection = None
