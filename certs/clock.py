"""Time as the certificate manager sees it: injected, so that a test can live a year in a second."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A wall clock for what is agreed with others, a monotonic one for deadlines."""

    def now(self) -> datetime:
        """Aware, UTC. May jump."""

    def monotonic(self) -> float:
        """Seconds; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; at least one pass of the loop."""


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(max(0.0, seconds))
