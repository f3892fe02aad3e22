"""Two managers on one store: one order for one need, and both serve what came of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from certs.events import Obtained
from certs.store.filestore import FileStore
from tests.support.fake_deployer import FakeDeployer
from tests.support.fakeca import Interruption
from tests.support.manager_world import DAY, HOUR, NAME, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_one_order_that_both_serve(a_world: Worlds, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_world(store=FileStore(tmp_path / "store")) as on:
            other = FakeDeployer()
            kit = on.kit(store=FileStore(tmp_path / "store"), deployer=other)
            async with on.running(), on.running(kit=kit):
                await on.pass_by(HOUR)
                assert on.ca.record.orders == {NAME: 1}
                assert on.served() == other.leaf(NAME) == on.current().certificate.leaf_sha256
                assert len(on.of(Obtained)) == 1
                assert len(on.ca.state.accounts) == 1
                before = on.served()
                await on.pass_by(70 * DAY)
                assert on.ca.record.orders == {NAME: 2}
                assert before != on.served() == other.leaf(NAME)

    asyncio.run(scene())


def test_what_one_was_refused_the_other_does_not_ask_again(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            on.ca.faults.interruptions = [
                Interruption(
                    resource="newOrder", times=None, status=429, name="rateLimited", detail="enough"
                )
            ]
            async with on.running(), on.running():
                await on.pass_by(HOUR)
                assert on.ca.record.count("newOrder") == 1

    asyncio.run(scene())


def test_an_account_whose_key_another_process_has_changed(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            async with on.running() as other:
                await on.settle()
                await on.done(on.operations().roll_over(None))
                (account,) = on.ca.state.accounts.values()
                assert len(account.former_jwks) == 1
            assert other not in on.managers
            await on.pass_by(70 * DAY)
            assert on.ordered() == 2
            assert on.ca.record.count("newOrder", status=201) == 2
            assert len(on.ca.state.accounts) == 1

    asyncio.run(scene())
