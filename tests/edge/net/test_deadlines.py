"""Deadlines fire once, not before their time, and follow an item that moves."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from edge.net.deadlines import Deadlines


class Item:
    """Something with a deadline; `fired` is when it was told."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.bucket = 0
        self.fired: list[float] = []
        self.told = asyncio.Event()

    def expired(self, now: float) -> None:
        self.fired.append(now)
        self.told.set()


def run(check: Callable[[Deadlines], Awaitable[None]]) -> None:
    async def body() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        try:
            await asyncio.wait_for(check(deadlines), 10)
        finally:
            deadlines.close()

    asyncio.run(body())


def test_fires_once_and_not_early() -> None:
    async def check(deadlines: Deadlines) -> None:
        item, later = Item(0.3), Item(0.9)
        deadlines.watch(item)
        deadlines.watch(later)
        await later.told.wait()
        assert len(item.fired) == len(later.fired) == 1
        assert item.fired[0] >= item.deadline
        assert item.fired[0] - item.deadline < 0.6
        assert len(deadlines) == 0

    run(check)


def test_moving_later_needs_no_call() -> None:
    async def check(deadlines: Deadlines) -> None:
        item = Item(0.1)
        deadlines.watch(item)
        item.deadline += 0.8
        await item.told.wait()
        assert item.fired[0] >= item.deadline

    run(check)


def test_moving_earlier_needs_watch() -> None:
    async def check(deadlines: Deadlines) -> None:
        item, other = Item(3600), Item(0.9)
        deadlines.watch(item)
        deadlines.watch(other)
        item.deadline = time.monotonic() + 0.1
        deadlines.watch(item)
        await other.told.wait()
        assert len(item.fired) == 1

    run(check)


def test_forgotten_items_do_not_fire() -> None:
    async def check(deadlines: Deadlines) -> None:
        item, other = Item(0.1), Item(0.6)
        deadlines.watch(item)
        deadlines.watch(other)
        deadlines.forget(item)
        await other.told.wait()
        assert item.fired == []
        assert list(deadlines) == []

    run(check)


def test_an_item_may_watch_itself_again_when_it_fires() -> None:
    async def check(deadlines: Deadlines) -> None:
        class Again(Item):
            def expired(self, now: float) -> None:
                self.fired.append(now)
                if len(self.fired) == 3:
                    self.told.set()
                else:
                    self.deadline = now  # due at once: the next tick, never an endless loop
                    deadlines.watch(self)

        item = Again(0)
        deadlines.watch(item)
        await item.told.wait()
        assert item.fired == sorted(set(item.fired))

    run(check)
