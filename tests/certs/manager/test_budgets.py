"""A certificate that always seems due: nobody gets to see more than a few orders."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from certs.events import RateLimited
from tests.support.fakeca import Window
from tests.support.manager_world import DAY, NAME, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]


@pytest.mark.parametrize("kind", ["past", "stale"])
def test_a_window_that_is_past_after_every_issuance(a_world: Worlds, kind: str) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.ca.faults.window = Window(kind=kind)  # type: ignore[arg-type]
            await on.pass_by(DAY / 24)
            assert on.ca.record.orders[NAME] <= 2
            await on.pass_by(6 * DAY)
            assert on.ca.record.orders[NAME] <= 8
            if kind == "past":
                assert on.of(RateLimited)
                assert "too often" in on.of(RateLimited)[0].reason

    asyncio.run(scene())


def test_a_restart_is_no_way_around_it(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            on.ca.faults.window = Window(kind="past")
            for _ in range(10):
                await on.start()
                on.clock.pass_by(600)
            assert on.ca.record.orders[NAME] <= 2

    asyncio.run(scene())


def test_a_person_may_have_one_all_the_same(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.ca.faults.window = Window(kind="past")
            await on.pass_by(DAY / 24)
            orders = on.ordered()
            await on.done(on.operations().renew(NAME, force=True, sink=on.events.append))
            assert on.ordered() == orders + 1

    asyncio.run(scene())
