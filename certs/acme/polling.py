"""Waiting for a CA: as long as it says, not longer than a deadline, few requests at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from certs.acme.problem import AcmeProblem, Kind
from certs.clock import Clock

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 8.0
_SPREAD: Final = 0.1
_REQUESTS_AT_ONCE: Final = 8

_ResultT = TypeVar("_ResultT")


class Patience:
    """The pauses of one wait, and its end, by the monotonic clock."""

    def __init__(self, clock: Clock, rng: random.Random, *, deadline_s: float, what: str) -> None:
        """`what` is waited for, in words: `the order`."""
        self._clock = clock
        self._rng = rng
        self._what = what
        self._ends = clock.monotonic() + deadline_s
        self._pause_s = _FIRST_PAUSE_S

    async def pause(self, retry_after_s: float | None, *, url: str) -> None:
        """Wait before looking at `url` again.

        Raises AcmeProblem of type `timeout` when the end has come, or would before the CA wants to
        be asked again: what is waited for is then to be taken up by a later attempt.
        """
        left_s = self._ends - self._clock.monotonic()
        pause_s = self._pause_s
        self._pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)
        if retry_after_s is not None:
            pause_s = max(pause_s, retry_after_s)
        pause_s *= self._rng.uniform(1.0, 1.0 + _SPREAD)
        if pause_s > left_s:
            raise AcmeProblem(
                type="timeout",
                detail=f"the CA is not done with {self._what}",
                kind=Kind.PASSING,
                url=url,
                retry_after_s=retry_after_s,
            )
        await self._clock.sleep(pause_s)


async def few_at_once(calls: Iterable[Callable[[], Awaitable[_ResultT]]]) -> list[_ResultT]:
    """Make the calls, some at a time, and return what they did, in order.

    The first one that raises ends the others; its exception is raised as it is.
    """
    room = asyncio.Semaphore(_REQUESTS_AT_ONCE)

    async def made(call: Callable[[], Awaitable[_ResultT]]) -> _ResultT:
        async with room:
            return await call()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(made(call)) for call in calls]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
