"""Whose key comes next: DANE records can be published before they are needed."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.acme.keys import spki_sha256
from certs.spec import KeyType
from tests.support.manager_world import DAY, NAME, World, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def records(on: World) -> dict[bool, list[str]]:
    """TLSA records of the current and of the next keys."""
    found = on.operations().tlsa(NAME)
    return {
        is_next: [one.record for one in found if one.is_next is is_next]
        for is_next in (False, True)
    }


def test_the_next_key_is_the_one_that_was_announced(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world(wanted=[managed(key_types=tuple(KeyType)[:2])]) as on, on.running():
            await on.settle()
            for _ in range(2):
                before = records(on)
                assert len(before[False]) == len(before[True]) == 2
                assert set(before[False]).isdisjoint(before[True])
                await on.pass_by(70 * DAY)
                assert records(on)[False] == before[True]
            assert on.ordered() == 6

    asyncio.run(scene())


def test_a_key_that_is_kept(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world(wanted=[managed(reuse_key=True)]) as on, on.running():
            await on.settle()
            before = records(on)
            assert before[True] == []
            await on.pass_by(140 * DAY)
            assert on.ordered() >= 3
            assert records(on) == before
            assert before[False] == [f"3 1 1 {spki_sha256(on.current().certificate.key_pem)}"]

    asyncio.run(scene())


def test_one_that_is_not_served_yet_is_announced(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            announced = records(on)[True]
            on.deployer.is_stuck = True
            await on.pass_by(70 * DAY)
            now = records(on)
            assert now[True][0] == announced[0]
            assert len(now[True]) == 2

    asyncio.run(scene())
