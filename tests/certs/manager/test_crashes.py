"""Killed anywhere in a renewal: one order for the need, a whole version, and no key lost."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.events import Obtained
from certs.store.versions import Versions
from tests.support.crashing_store import CrashingStore, Killed
from tests.support.manager_world import DAY, NAME, World, lineage, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]
LETS_ENCRYPT = {"is_order_reused": True, "has_order_list": False}
OTHERS = {"is_order_reused": False, "has_order_list": True}


@pytest.mark.parametrize(
    ("habits", "is_done"), [(LETS_ENCRYPT, True), (OTHERS, False)], ids=["after", "before"]
)
def test_at_every_change_of_the_store(
    a_world: Worlds, habits: dict[str, bool], is_done: bool
) -> None:
    async def scene() -> None:
        store = CrashingStore()
        async with a_world(store=store) as on:
            habitual(on, habits)
            await on.start()
            for number in range(100):
                store.is_done = is_done
                store.log.clear()
                if not await a_renewal_killed(on, lambda: at_change(store, number)):  # noqa: B023
                    assert number > 15
                    return
            raise AssertionError("it never came to its end")

    asyncio.run(scene())


def test_after_every_request(a_world: Worlds) -> None:
    async def scene() -> None:
        store = CrashingStore()
        async with a_world(store=store) as on:
            habitual(on, LETS_ENCRYPT)
            await on.start()
            for number in range(1, 100):
                store.is_done = False
                store.log.clear()
                if not await a_renewal_killed(on, lambda: at_request(on, store, number)):  # noqa: B023
                    assert number > 8
                    return
            raise AssertionError("it never came to its end")

    asyncio.run(scene())


def habitual(on: World, habits: dict[str, bool]) -> None:
    for knob, value in habits.items():
        setattr(on.ca.faults, knob, value)


async def a_renewal_killed(on: World, arm: Callable[[], AbstractAsyncContextManager[None]]) -> bool:
    """One renewal that is cut off and taken up by the next process; False: it was not cut off."""
    store = on.store
    assert isinstance(store, CrashingStore)
    before, orders = on.current(), on.ordered()
    promised = Versions(store).next_key(lineage())
    due_at = before.certificate.not_after - 20 * DAY
    on.clock.pass_by((due_at - on.clock.now()).total_seconds())
    on.events.clear()
    is_killed = False
    try:
        async with arm(), on.running():
            await on.settle()
    except* Killed:
        is_killed = True
    # What the next process finds is whole, whenever it starts.
    found = Versions(store).current(lineage())
    assert found is not None
    store.revive()
    on.clock.pass_by(5)
    async with on.running():
        await on.until(lambda: on.current().id != before.id)
        await on.settle()
        assert on.served() == on.current().certificate.leaf_sha256
    key_pem = on.current().certificate.key_pem
    assert key_pem == promised
    # No trace is left of the order, and the next key is another one.
    assert store.list("orders") == []
    assert Versions(store).next_key(lineage()) not in {None, key_pem}
    assert on.ordered() == orders + 1, store.log
    assert on.ca.record.certificates == on.ca.record.orders
    assert len(on.ca.state.accounts) == 1
    assert len(on.of(Obtained)) >= 1
    return is_killed


@contextlib.asynccontextmanager
async def at_change(store: CrashingStore, number: int) -> Any:
    store.crash_at = store.changes + number
    yield
    store.crash_at = None


@contextlib.asynccontextmanager
async def at_request(on: World, store: CrashingStore, number: int) -> Any:
    wanted = len(on.ca.record.requests) + number

    async def kill() -> None:
        await on.ca.wait_for(lambda record: len(record.requests) >= wanted, timeout_s=60)
        store.crash_at = store.changes

    killing = asyncio.ensure_future(kill())
    try:
        yield
    finally:
        killing.cancel()
        await asyncio.wait([killing])
    store.crash_at = None


def test_in_the_very_first_order(a_world: Worlds) -> None:
    async def scene() -> None:
        for number in range(100):
            store = CrashingStore()
            async with a_world(store=store, wanted=[managed()]) as on:
                is_killed = False
                try:
                    async with at_change(store, number), on.running():
                        await on.settle()
                except* Killed:
                    is_killed = True
                store.revive()
                on.clock.pass_by(5)
                await on.start()
                assert on.ca.record.orders == on.ca.record.certificates == {NAME: 1}, store.log
                assert on.served() == on.current().certificate.leaf_sha256
            if not is_killed:
                assert number > 10
                return
        raise AssertionError("it never came to its end")

    asyncio.run(scene())
