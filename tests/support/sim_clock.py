"""A clock that a test moves: months in a second, and no time passes while anything is done."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(eq=False, slots=True)
class Sleeper:
    """Somebody who waits. `is_tick`: of a manager that has nothing else to do."""

    wakes: float
    woken: asyncio.Future[None]
    is_tick: bool


class SimClock:
    """A `certs.clock.Clock`. Starts at the real time, cut to the second."""

    def __init__(self) -> None:
        self._wall = datetime.now(UTC).replace(microsecond=0)
        self._monotonic = 1000.0
        self.sleepers: list[Sleeper] = []

    def now(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        sleeper = Sleeper(
            self._monotonic + max(0.0, seconds),
            asyncio.get_running_loop().create_future(),
            is_tick=task is not None and task.get_name() == "tick",
        )
        self.sleepers.append(sleeper)
        try:
            await sleeper.woken
        finally:
            self.sleepers.remove(sleeper)

    def pass_by(self, seconds: float) -> None:
        """Time passes on both clocks; who has slept enough is woken."""
        self._wall += timedelta(seconds=seconds)
        self._monotonic += seconds
        for sleeper in self.sleepers:
            if sleeper.wakes <= self._monotonic and not sleeper.woken.done():
                sleeper.woken.set_result(None)

    def jump(self, by: timedelta) -> None:
        """The wall clock alone is set."""
        self._wall += by
