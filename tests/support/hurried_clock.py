"""A clock that does not wait: minutes of polling in milliseconds, with real IO in between."""

import asyncio
from datetime import datetime, timedelta

from certs.clock import SystemClock


class HurriedClock:
    """A `certs.clock.Clock`: the real time, ahead by all that was slept."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self.slept: list[float] = []
        """Each wait, in seconds."""

    @property
    def ahead_s(self) -> float:
        """All waits together."""
        return sum(self.slept)

    def now(self) -> datetime:
        return self._real.now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return self._real.monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(max(0.0, seconds))
        await asyncio.sleep(0.001)
