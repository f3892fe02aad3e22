"""A clock whose sleepers do not wait: time passes because somebody sleeps."""

import asyncio
from datetime import UTC, datetime, timedelta


class PatientClock:
    """Starts at the real time, unless told otherwise. `slept` holds every pause, in seconds."""

    def __init__(self, start_at: datetime | None = None) -> None:
        self._now = start_at or datetime.now(UTC)
        self._monotonic = 1000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_by(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)
        await asyncio.sleep(0)
