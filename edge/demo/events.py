"""What the demo's main loop is told, by the pipes of its processes and by its own visits."""

from dataclasses import dataclass
from typing import Literal

from edge.demo.journal import Received
from edge.ops.records import Closed, Established


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A process serves."""

    who: Literal["edge", "stand-in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line of the edge that is about no connection: a warning, or not JSON at all."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process closed its reporting pipe: it has ended, or is about to."""

    who: Literal["edge", "stand-in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """One self-made session is over; `problem` is None when all of it worked."""

    listener: str
    is_tls: bool
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsDone:
    """There are no more self-made sessions to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A closed connection has waited long enough for its header."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """Ctrl-C, SIGTERM, or the terminal went away."""


Event = (
    Ready
    | Said
    | Ended
    | Visited
    | VisitsDone
    | Overdue
    | Interrupted
    | Received
    | Established
    | Closed
)
