"""The clear phase of a STARTTLS listener: drive the dialogue, then begin TLS or go on without."""

import time
from typing import TYPE_CHECKING, assert_never

from edge.core.starttls.dialogue import Dialogue, open_dialogue
from edge.core.starttls.events import Ended, PlaintextChosen, Replied, UpgradeAccepted
from edge.core.starttls.refusals import Farewell
from edge.net.connection import Connection, since
from edge.net.dial import dial
from edge.net.handshake import HelloPhase
from edge.outcome import Outcome

if TYPE_CHECKING:
    from edge.core.protocol import Learnt

_READ_BYTES = 4096


class ClearPhase:
    """The edge speaks for the backend, from what a probe learnt of it."""

    __slots__ = ("_connection", "_dialogue", "is_clear")

    def __init__(self, connection: Connection, learnt: "Learnt") -> None:
        service = connection.service
        self.is_clear = True
        self._connection: Connection | None = connection
        self._dialogue: Dialogue = open_dialogue(learnt, service.clear_rules)

    def start(self) -> None:
        """Greet at once: a client that is kept waiting may give up or speak first."""
        connection = self._connection
        assert connection is not None
        connection.enter(self)
        connection.allow(connection.timeouts.setup_s)
        connection.send(self._dialogue.greeting())
        connection.watch_client()

    def on_readable(self) -> None:
        """Answer what the client said."""
        connection = self._connection
        if connection is None or (data := connection.receive(_READ_BYTES)) is None:
            return
        for event in self._dialogue.feed(bytes(data)):
            if self._connection is None:
                return  # the client went away while it was answered
            match event:
                case Replied(data=reply):
                    connection.send(reply)
                case UpgradeAccepted(data=go_ahead):
                    connection.send(go_ahead)
                    if self._connection is not None:
                        _wait_for_hello(connection)
                case PlaintextChosen(opening=opening):
                    dial(connection, opening)
                case Ended(data=words, outcome=outcome, detail=detail):
                    connection.end(outcome, words, detail)
                case _:
                    assert_never(event)

    def expired(self) -> Outcome:
        """Only the deadline of the whole set-up applies here."""
        return Outcome.SETUP_TIMEOUT

    def leave(self) -> None:
        """Break the cycle."""
        self._connection = None


def _wait_for_hello(connection: Connection) -> None:
    begun_at = time.monotonic()
    clear_ms = since(connection.accepted_at)
    HelloPhase(connection, clear_ms=clear_ms, begun_at=begun_at).wait()


def refuse_unknown(connection: Connection) -> None:
    """No probe has seen this backend yet: nobody can be greeted in its name."""
    connection.enter(_Unknown())
    connection.refuse(Farewell.UNAVAILABLE, Outcome.BACKEND_UNKNOWN)


class _Unknown:
    """A clear phase without a backend to speak for."""

    __slots__ = ()

    is_clear = True

    def on_readable(self) -> None: ...

    def expired(self) -> Outcome:
        return Outcome.BACKEND_UNKNOWN

    def leave(self) -> None: ...
