"""An MX session without TLS: bring a fresh backend connection to where the client already is."""

from dataclasses import dataclass

from edge.core.protocol import Protocol
from edge.core.starttls.backendlines import BackendLines, refused
from edge.core.starttls.detect import GreetingReader
from edge.core.starttls.events import PlainOpening
from edge.core.starttls.smtpreply import Reply, ReplyReader
from edge.errors import NEED_MORE


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBackend:
    """Write `data` to the backend."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Relay from here on; `rest` is what the backend already said to the client."""

    rest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The backend refused the client's EHLO: write `data`, its reply, to the client and close.

    The client takes it as the answer to its MAIL.
    """

    data: bytes


ReplayEvent = ToBackend | Opened | Rejected


class PlainReplay:
    """Greeting, the client's own EHLO or HELO, then all that the client sent since.

    The answer to EHLO stays here: the client has had the edge's, which hides AUTH. Behind it the
    connection is an opaque pipe, in which nobody looks for STARTTLS: a message may contain it.
    """

    __slots__ = ("_awaits_greeting", "_greetings", "_is_over", "_lines", "_opening", "_replies")

    def __init__(self, opening: PlainOpening) -> None:
        self._opening = opening
        self._lines = BackendLines()
        self._greetings = GreetingReader(self._lines)
        self._replies = ReplyReader(self._lines)
        self._awaits_greeting = True
        self._is_over = False

    def feed(self, data: bytes) -> list[ReplayEvent]:
        """Take what the backend sent.

        Raises ProtocolError with `BACKEND_REFUSED` for a greeting no session can begin with, and
        RuntimeError after `Opened` or `Rejected`.
        """
        if self._is_over:
            raise RuntimeError("the replay is over")
        self._lines.push(data)
        events: list[ReplayEvent] = []
        if self._awaits_greeting:
            greeting = self._greetings.next_greeting()
            if greeting is NEED_MORE:
                return events
            if greeting.protocol is not Protocol.SMTP:
                raise refused(f"expected smtp, the backend greets as {greeting.protocol}")
            self._awaits_greeting = False
            if self._opening.ehlo is None:
                return self._open()
            events.append(ToBackend(data=self._opening.ehlo))
        reply = self._replies.next_reply()
        if reply is not NEED_MORE:
            events += self._judge(reply)
        return events

    def _judge(self, reply: Reply) -> list[ReplayEvent]:
        if reply.is_positive:
            return self._open()
        self._is_over = True
        return [Rejected(data=reply.wire)]

    def _open(self) -> list[ReplayEvent]:
        self._is_over = True
        return [ToBackend(data=self._opening.pending), Opened(rest=self._lines.rest())]
