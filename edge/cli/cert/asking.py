"""Who does what a `cert` command asks for: the edge that runs, or this process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from edge.config.tree import Config
from edge.ops.certcalls import Call

OnEvent = Callable[[Mapping[str, object]], None]
"""Hears of progress: an event as `edge.ops.certcalls.event_object` makes it."""


class CallError(Exception):
    """It could not be done, in words."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Doer(Protocol):
    """Does calls."""

    def call(self, call: Call, on_event: OnEvent) -> bytes:
        """Do it and return the result as JSON. Raises CallError."""


def sockets_of(config: Config) -> tuple[Path, ...]:
    """Where the edge of this configuration may listen, the most likely place first."""
    return (config.admin_socket, *config.admin_socket_guesses)
