"""A wall clock that is set, by days, forward and back; and one that differs from the CA's."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from certs.events import ClockJumped, ClockSkew
from tests.support.fakeca import Interruption
from tests.support.manager_world import DAY, HOUR, World

TICK = 7 * HOUR
Worlds = Callable[..., AbstractAsyncContextManager[World]]


@pytest.mark.parametrize("by", [DAY, -DAY, 3 * DAY, -10 * DAY, 2 * HOUR], ids=str)
def test_a_jump_is_told_and_orders_nothing(a_world: Worlds, by: timedelta) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.pass_by(20 * DAY)
            on.clock.jump(by)
            await on.pass_by(TICK)
            assert [one.seconds for one in on.of(ClockJumped)] == [by.total_seconds()]
            assert on.ordered() == 1
            await on.pass_by(60 * DAY)
            assert on.ordered() == 2

    asyncio.run(scene())


def test_a_clock_that_comes_to_its_senses_makes_it_due(a_world: Worlds) -> None:
    """A host that started in the past: what is due is seen with the jump, not a day later."""

    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            on.clock.jump(75 * DAY)
            await on.pass_by(TICK)
            assert on.ordered() == 2
            await on.pass_by(2 * DAY)
            assert on.ordered() == 2

    asyncio.run(scene())


def test_a_year_ahead_for_an_hour(a_world: Worlds) -> None:
    """Whatever was renewed, counted and put off in that future binds nobody afterwards."""

    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            on.ca.faults.interruptions = [Interruption(resource="newOrder", times=None)]
            on.clock.jump(365 * DAY)
            await on.pass_by(TICK)
            on.clock.jump(-365 * DAY)
            on.ca.faults.interruptions = []
            await on.pass_by(TICK)
            assert on.ordered() == 1
            await on.pass_by(70 * DAY)
            assert on.ordered() == 2
            assert on.served() == on.current().certificate.leaf_sha256

    asyncio.run(scene())


def test_no_storm_of_orders_while_it_jumps_all_the_time(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            for by in [40, -39, 60, -60, 80, -81, 70, -70, 33, -32] * 3:
                on.clock.jump(by * DAY)
                await on.pass_by(TICK)
            assert on.ordered() <= 6

    asyncio.run(scene())


def test_clocks_that_differ_are_told_of_once(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.ca.faults.date_skew_s = 3600.0
            await on.pass_by(3 * DAY)
            (skew,) = on.of(ClockSkew)
            assert skew.seconds == pytest.approx(3600, abs=5)
            assert skew.issuer == "first"

    asyncio.run(scene())
