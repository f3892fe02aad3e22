"""A year of three lifetimes, with a CA that is away at random: never expired, never too many."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

import pytest

from certs.events import Defect, Expired, Obtained
from tests.support.fakeca import FakeCa, Interruption
from tests.support.manager_world import DAY, World, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]
LIFETIMES = {"90d": 90 * DAY, "45d": 45 * DAY, "160h": timedelta(hours=160)}


@pytest.mark.parametrize("kind", LIFETIMES)
def test_a_year(a_world: Worlds, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lifetime = LIFETIMES[kind]
    # Between swaps, whether listeners still serve it is not what this is about.
    monkeypatch.setattr("certs.manager.checking._SELDOM_S", 20 * 86400.0)
    # Those of short ones are many: less than a year shows as much of them.
    span = min(365 * DAY, lifetime * 6)
    name = f"{kind}.example.org"

    async def scene() -> None:
        dice = random.Random(f"outages of {kind}")
        async with a_world(wanted=[managed(name)], tick_s=86400.0) as on:
            on.ca.faults.lifetime_s = lifetime.total_seconds()
            async with on.running():
                await on.settle()
                until = on.clock.now() + span
                while on.clock.now() < until:
                    await on.pass_by(lifetime * dice.uniform(0.1, 0.6))
                    check(on, name)
                    with_outage(on.ca, dice)
                    await on.pass_by(lifetime * dice.uniform(0.02, 0.25))
                    on.ca.faults.interruptions = []
                    check(on, name)
            assert on.of(Expired) == on.of(Defect) == []
            obtained = on.of(Obtained)
            renewals = span / (lifetime * (1 / 2 if kind == "160h" else 2 / 3))
            assert 0.6 * renewals <= len(obtained) <= 1.3 * renewals + 2
            # Let's Encrypt: five for the same names in a week; those that name the one they
            # replace do not count.
            spent = on.ca.record.orders[name] - len(on.ca.record.replaced)
            assert spent <= 3
            assert on.ca.record.certificates == {name: len(obtained)}

    asyncio.run(scene())


def with_outage(ca: FakeCa, dice: random.Random) -> None:
    """Of one of the kinds that there are."""
    ca.faults.interruptions = dice.choice(
        [
            [Interruption(resource=one, times=None) for one in ("newOrder", "renewalInfo")],
            [Interruption(resource="finalize", times=None)],
            [Interruption(resource="newNonce", times=None, do="drop")],
            [Interruption(resource="newOrder", times=None, do="html", status=502)],
        ]
    )


def check(on: World, name: str) -> None:
    (one,) = on.deployer.served[name]
    now: datetime = on.clock.now()
    assert one.not_before <= now < one.not_after, on.told()
    assert not one.is_self_signed
