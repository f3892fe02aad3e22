"""The seam between what happens and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.demo.commands import Command
from edge.demo.events import Visited
from edge.demo.journal import Opened
from edge.demo.places import Place
from edge.ops.records import Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """All that the start screen tells."""

    places: Sequence[Place]
    commands: Sequence[Command]
    config: Path
    ca: Path


class View(Protocol):
    """Shows the demo, to a person or to a program. Escapes what comes from the network itself."""

    def start(self, start: Start) -> None:
        """Everything listens."""

    def opened(self, opened: Opened) -> None:
        """A connection reached the backend."""

    def closed(self, record: Closed) -> None:
        """A connection is over."""

    def visited(self, visited: Visited) -> None:
        """A self-made session is over."""

    def said(self, text: str) -> None:
        """Something that is about no connection."""

    def ending(self) -> None:
        """A signal asked for the end; open connections have a moment to finish."""

    def finished(self, worked: int, visits: int) -> None:
        """All self-made sessions are over, and so many of them worked."""
