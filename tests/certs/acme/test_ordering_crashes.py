"""Killed at every request and every change of the store: one order, one certificate, its key."""

import random

import pytest

from tests.support.crashing_store import Killed
from tests.support.memory_ca import MemorySession
from tests.support.order_world import World


def hard_world() -> World:
    """With a type that fails for a name, so that there are two orders, and a CA that thinks."""
    world = World()
    world.ca.bad = {"tls-alpn-01 mail.example.org"}
    world.ca.processing_polls = 2
    return world


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard", "unheard"])
@pytest.mark.parametrize("is_listed", [True, False], ids=["orders-listed", "orders-reused"])
def test_killed_at_every_request(is_heard: bool, is_listed: bool) -> None:
    for crash_at in range(100):
        world = hard_world()
        world.ca.has_order_list, world.ca.is_order_reused = is_listed, not is_listed
        session = MemorySession(world.ca, crash_at=crash_at, is_heard=is_heard)
        try:
            world.obtain(session=session)
        except Killed:
            world.obtain()
        else:
            assert crash_at > 15
            break
        assert (len(world.ca.orders), len(world.ca.certificates)) == (2, 1), world.ca.log


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "undone"])
def test_killed_at_every_change_of_the_store(is_done: bool) -> None:
    for crash_at in range(100):
        world = hard_world()
        world.store.crash_at, world.store.is_done = crash_at, is_done
        try:
            world.obtain()
        except Killed:
            world.store.revive()
            world.obtain()
        else:
            assert crash_at > 8
            break
        assert (len(world.ca.orders), len(world.ca.certificates)) == (2, 1), world.store.log


@pytest.mark.parametrize("seed", range(60))
def test_killed_again_and_again(seed: int) -> None:
    rng, world = random.Random(seed), hard_world()
    for _ in range(4):
        session = MemorySession(world.ca, crash_at=rng.randrange(20), is_heard=rng.random() < 0.5)
        world.store.changes, world.store.is_done = 0, rng.random() < 0.5
        world.store.crash_at = rng.choice([None, rng.randrange(12)])
        try:
            world.obtain(session=session)
        except Killed:
            world.store.revive()
        else:
            break
    world.obtain()
    assert (len(world.ca.orders), len(world.ca.certificates)) == (2, 1), world.ca.log
