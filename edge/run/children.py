"""The master's book of its children: who runs in which slot, and when a dead one is replaced."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from edge.run.ipc import Channel

_STEADY_S: Final = 10.0
"""A child that lived this long did not fail at start-up."""
_PAUSES_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(slots=True, kw_only=True)
class Slot:
    """A place for one process: a worker or the control process, and each successor of it."""

    role: str
    main: Callable[[Channel], None]
    """What the child does, given its channel to the master."""
    pid: int | None = None
    channel: Channel | None = None
    """The master's end."""
    is_ready: bool = False
    born_at: float = 0.0
    due_at: float | None = None
    """When the slot is filled (again); None while it is filled or is to stay empty."""
    predecessor: int | None = None
    failures: int = field(default=0)

    def is_gone(self, now: float) -> None:
        """The process died: plan the next, later each time that one dies young."""
        self.failures = self.failures + 1 if now - self.born_at < _STEADY_S else 0
        self.due_at = now + _PAUSES_S[min(self.failures, len(_PAUSES_S) - 1)]
        self.predecessor = self.pid
        self.pid = None
        self.is_ready = False
        if self.channel is not None:
            self.channel.close()
            self.channel = None


def reap() -> list[tuple[int, str]]:
    """All children that have ended: pid, and how in words."""
    gone: list[tuple[int, str]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return gone
        if pid == 0:
            return gone
        code = os.waitstatus_to_exitcode(status)
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        gone.append((pid, how))
