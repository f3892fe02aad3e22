"""Issued but not served: told, taken back, and never ordered a second time for that."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.events import Failed, NotDeployed, NotServed, Served
from certs.store.versions import Versions
from tests.support.fake_deployer import LISTENER
from tests.support.manager_world import DAY, HOUR, World, lineage

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_the_one_before_returns_and_the_new_one_is_served_once_that_works(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            old = on.current()
            on.deployer.is_stuck = True
            await on.until(lambda: on.of(NotServed), within=80 * DAY)
            await on.settle()
            (wrong,) = on.of(NotServed)
            assert wrong.listener == LISTENER
            assert wrong.served_sha256 == old.certificate.leaf_sha256
            assert on.current().id == old.id
            assert on.deployer.deployed[-1][0].certificates[0] == old.certificate
            assert "another certificate" in on.of(Failed)[-1].reason
            (new, _) = Versions(on.store).list(lineage())
            assert new.certificate.leaf_sha256 == wrong.expected_sha256
            await on.pass_by(DAY)
            assert on.ordered() == 2
            on.deployer.is_stuck = False
            await on.until(lambda: on.current().id == new.id, within=2 * DAY)
            await on.settle()
            assert on.served() == new.certificate.leaf_sha256
            assert on.ordered() == 2
            assert on.of(Served)[-1].leaf_sha256 == on.served()
            (status,) = on.operations().list()
            assert (status.is_served, status.failures) == (True, 0)

    asyncio.run(scene())


def test_the_very_first_one_stays(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.deployer.is_stuck = True
            await on.until(lambda: on.of(NotServed))
            await on.pass_by(2 * HOUR)
            assert on.current().meta.origin == "acme"
            assert on.ordered() == 1
            (status,) = on.operations().list()
            assert status.is_served is False
            # It is told once, not at each look.
            assert len({one.expected_sha256 for one in on.of(NotServed)}) <= 2
            assert len(on.of(NotServed)) <= 3
            on.deployer.is_stuck = False
            await on.until(lambda: on.operations().list()[0].is_served, within=2 * HOUR)
            assert on.served() == on.current().certificate.leaf_sha256
            assert on.ordered() == 1

    asyncio.run(scene())


def test_workers_that_do_not_follow(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            await on.pass_by(59 * DAY)
            on.deployer.is_deaf = True
            await on.pass_by(6 * DAY)
            assert on.of(NotDeployed)
            assert on.ordered() == 2
            on.deployer.is_deaf = False
            await on.until(
                lambda: on.served() == Versions(on.store).list(lineage())[0].meta.leaf_sha256,
                within=2 * DAY,
            )
            await on.settle()
            assert on.ordered() == 2
            assert on.served() == on.current().certificate.leaf_sha256

    asyncio.run(scene())


def test_workers_that_do_not_follow_at_the_start(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            on.deployer.is_deaf = True
            async with on.running():
                await on.pass_by(HOUR)
                assert on.ordered() == 1
                on.deployer.is_deaf = False
                await on.until(lambda: on.deployer.served, within=HOUR)
                await on.settle()
                assert on.served() == on.current().certificate.leaf_sha256
                assert on.operations().list()[0].is_served
                assert on.ordered() == 1

    asyncio.run(scene())


def test_one_that_goes_bad_by_itself_is_noticed_and_served_again(a_world: Worlds) -> None:
    """A worker that lost its certificates: no renewal is near."""

    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            good = on.served()
            on.deployer.served.clear()
            await on.until(lambda: on.of(NotServed), within=7 * HOUR)
            await on.until(lambda: on.deployer.served, within=HOUR)
            await on.settle()
            assert on.served() == good
            assert on.ordered() == 1

    asyncio.run(scene())
