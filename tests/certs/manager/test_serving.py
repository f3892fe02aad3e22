"""Deployments: in order, whole, and never taken for done when they failed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from certs.manager.serving import Serving
from certs.select import CertificateSet
from certs.selfsigned import self_signed
from tests.support.fake_deployer import FakeDeployer
from tests.support.manager_world import DAY, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]


class SlowDeployer(FakeDeployer):
    """Takes as long as it is told, the first one the longest."""

    async def deploy(
        self, sets: Sequence[CertificateSet], *, forget_sessions: bool = False
    ) -> None:
        for _ in range(10 if not self.deployed else 1):
            await asyncio.sleep(0)
        await super().deploy(sets, forget_sessions=forget_sessions)


def test_of_two_at_once_the_newer_picture_is_served_last(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            deployer = SlowDeployer()
            serving = Serving(on.kit(deployer=deployer))
            first = asyncio.ensure_future(serving.deploy())
            await asyncio.sleep(0)
            await on.start()
            await asyncio.gather(first, serving.deploy())
            assert deployer.leaf("mail.example.org") == on.current().certificate.leaf_sha256

    asyncio.run(scene())


def test_nothing_new_is_not_deployed(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            serving = Serving(on.kit())
            for _ in range(3):
                assert await serving.deploy()
            assert len(on.deployer.deployed) == 1
            assert await serving.deploy(is_again=True)
            assert len(on.deployer.deployed) == 2

    asyncio.run(scene())


def test_one_that_failed_is_done_again_and_does_not_forget_to_forget(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            serving = Serving(on.kit())
            assert await serving.deploy()
            on.deployer.is_deaf = True
            assert not await serving.deploy(forget_sessions=True)
            assert serving.is_behind
            on.deployer.is_deaf = False
            assert await serving.deploy()
            assert not serving.is_behind
            assert on.deployer.forgot_sessions == [False, True]
            assert await serving.deploy()
            assert len(on.deployer.deployed) == 2

    asyncio.run(scene())


def test_always_the_whole_picture(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            other = self_signed(["x.example.org"], now=on.clock.now(), valid_for=DAY)
            serving = Serving(on.kit(), others=[other])
            await serving.deploy()
            (picture,) = on.deployer.deployed
            assert [one.names[0] for one in picture] == ["mail.example.org", "x.example.org"]

    asyncio.run(scene())
