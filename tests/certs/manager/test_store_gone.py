"""A store that is lost, or cannot be read: what is valid and served is served on."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from certs.events import StoreTrouble
from certs.spec import KeyType
from certs.store.memory import MemoryStore
from certs.store.protocol import StoreError
from tests.support.fakeca import Interruption
from tests.support.manager_world import DAY, NAME, World, lineage, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]
BOTH = (KeyType.ECDSA_P256, KeyType.ECDSA_P384)


class UnreadableStore(MemoryStore):
    """Everything below a prefix may have become unreadable."""

    unreadable: str | None = None

    def get(self, key: str) -> bytes | None:
        if self.unreadable is not None and key.startswith(self.unreadable):
            raise StoreError("input/output error", place=key, remedy="Check the disk.")
        return super().get(key)


def test_a_valid_certificate_does_not_give_way_to_a_self_signed_one(a_world: Worlds) -> None:
    async def scene() -> None:
        store = UnreadableStore()
        async with a_world(store=store) as on, on.running():
            await on.pass_by(DAY)
            good = on.served()
            store.unreadable = ""
            await on.pass_by(2 * DAY)
            assert on.of(StoreTrouble)
            assert on.served() == good
            assert not any(one.certificates[0].is_self_signed for one in on.deployer.deployed[-1])
            store.unreadable = None
            await on.pass_by(DAY)
            assert on.served() == good == on.current().certificate.leaf_sha256
            assert on.ordered() == 1
            (status,) = on.operations().list()
            assert (status.is_bootstrap, status.is_served) == (False, True)

    asyncio.run(scene())


@pytest.mark.parametrize("lost", BOTH)
def test_neither_does_one_of_two_kinds_of_key(a_world: Worlds, lost: KeyType) -> None:
    async def scene() -> None:
        store = UnreadableStore()
        async with a_world(store=store, wanted=[managed(key_types=BOTH)]) as on, on.running():
            await on.pass_by(DAY)
            good = {one.leaf_sha256 for one in on.deployer.served[NAME]}
            store.unreadable = f"certificates/{lineage(key_type=lost).key}/"
            await on.pass_by(2 * DAY)
            assert {one.leaf_sha256 for one in on.deployer.served[NAME]} == good
            assert len(good) == 2

    asyncio.run(scene())


def test_a_folder_that_was_removed_is_filled_again_and_the_old_one_served_meanwhile(
    a_world: Worlds,
) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.pass_by(DAY)
            good = on.served()
            on.ca.faults.interruptions = [Interruption(resource="newOrder", times=None)]
            for key in on.store.list("certificates"):
                on.store.delete(key)
            await on.pass_by(DAY)
            assert on.served() == good
            on.ca.faults.interruptions = []
            await on.until(lambda: on.served() != good)
            await on.settle()
            assert on.served() == on.current().certificate.leaf_sha256

    asyncio.run(scene())
