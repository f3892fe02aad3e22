"""Nobody is surprised by expiry: each step is told once, whatever is restarted."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.events import Expired, Expiring
from tests.support.fakeca import Interruption
from tests.support.manager_world import DAY, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_each_threshold_is_told_once(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            await on.start()
            on.ca.faults.interruptions = [Interruption(resource="newOrder", times=None)]
            on.clock.pass_by((65 * DAY).total_seconds())
            for _ in range(10):
                async with on.running():
                    await on.pass_by(3 * DAY)
            fractions = [one.fraction_left for one in on.of(Expiring)]
            assert [round(one, 2) for one in fractions] == [0.25, 0.1, 0.05]
            (expired,) = on.of(Expired)
            assert expired.not_after == on.current().certificate.not_after
            # It is served on: those who verify by DANE do not look at the date.
            assert on.served() == on.current().certificate.leaf_sha256
            on.ca.faults.interruptions = []
            async with on.running():
                await on.pass_by(DAY)
            assert on.ordered() == 2
            assert on.served() == on.current().certificate.leaf_sha256
            assert len(on.of(Expired)) == 1

    asyncio.run(scene())
