"""The rules of a relay: which end closed how, and what the other end is told.

Two directions, each open until its source finishes. A source that finishes in order (close_notify,
or FIN on the plaintext side) lets the other direction run on; a source that breaks off (reset, or
end of stream without close_notify) aborts both, so that no receiver takes a cut-off message for a
whole one (RFC 5246 §7.2.1, RFC 8446 §6.1: truncation).
"""

from enum import Enum, auto

from edge.outcome import Outcome


class Order(Enum):
    """What the IO shell does next. After a FINISH it closes as soon as `RelayRules.is_done`."""

    FINISH_BACKEND = auto()
    """Half-close toward the backend once all pending bytes are written; keep reading from it."""
    FINISH_CLIENT = auto()
    """close_notify and FIN toward the client once all pending bytes are written; keep reading."""
    CLOSE = auto()
    """Nothing is left to say to anybody: close both sockets in order."""
    ABORT_BACKEND = auto()
    """Reset the backend; the client broke off itself, its socket is only closed."""
    ABORT = auto()
    """Reset both sockets."""


class RelayRules:
    """The state of one relay. Tell it what happened; it answers with one order."""

    __slots__ = ("is_backend_finished", "is_client_finished", "outcome")

    def __init__(self) -> None:
        self.is_client_finished = False
        self.is_backend_finished = False
        self.outcome = Outcome.INTERNAL_ERROR

    @property
    def is_done(self) -> bool:
        """Both directions have ended in order."""
        return self.is_client_finished and self.is_backend_finished

    def client_finished(self) -> Order:
        """The client sent close_notify (or, in the clear, FIN)."""
        if not self.is_backend_finished:
            self.outcome = Outcome.CLIENT_CLOSED
        self.is_client_finished = True
        return Order.FINISH_BACKEND

    def client_broke_off(self) -> Order:
        """The client reset the connection, or ended the stream without close_notify.

        After the backend has finished there is nothing left to truncate: many clients answer the
        last reply by closing TCP without a close_notify, and that is an ordinary end.
        """
        if self.is_backend_finished:
            return Order.CLOSE
        self.outcome = Outcome.CLIENT_ABORTED
        return Order.ABORT_BACKEND

    def backend_finished(self) -> Order:
        """The backend sent FIN."""
        if not self.is_client_finished:
            self.outcome = Outcome.BACKEND_CLOSED
        self.is_backend_finished = True
        return Order.FINISH_CLIENT

    def backend_broke_off(self) -> Order:
        """The backend reset the connection."""
        if self.is_backend_finished:
            # It had said all: the reset answers bytes that reached a socket it closed already.
            return Order.CLOSE
        self.outcome = Outcome.BACKEND_ABORTED
        return Order.ABORT

    def timed_out(self, outcome: Outcome) -> Order:
        """An idle, half-closed or lifetime deadline passed."""
        self.outcome = outcome
        return Order.ABORT
