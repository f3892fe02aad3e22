"""A certificate that there is none of yet, and one that there is already."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.events import Due, Obtained, Served
from certs.spec import KeyType
from tests.support.manager_world import NAME, World, lineage, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]
BOTH = (KeyType.ECDSA_P256, KeyType.RSA_2048)


def test_all_types_of_key_are_obtained_one_after_the_other(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world(wanted=[managed(key_types=BOTH)]) as on, on.running():
            await on.settle()
            assert on.ca.record.orders == on.ca.record.certificates == {NAME: 2}
            kinds = [type(one) for one in on.events if isinstance(one, Due | Obtained)]
            assert kinds == [Due, Obtained, Due, Obtained]
            assert [one.key_algorithm for one in on.deployer.served[NAME]] == ["EC256", "RSA2048"]
            assert on.of(Served)[-1].leaf_sha256 == on.served()
            assert all(one.is_served for one in on.operations().list())

    asyncio.run(scene())


def test_a_self_signed_one_is_served_before_anything_is_asked(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.until(lambda: on.deployer.deployed)
            ((first,),) = on.deployer.deployed[:1]
            assert first.certificates[0].is_self_signed
            await on.settle()
            assert not on.deployer.served[NAME][0].is_self_signed
            (status,) = on.operations().list()
            assert not status.is_bootstrap

    asyncio.run(scene())


def test_nothing_is_ordered_again_after_a_restart(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            await on.start()
            leaf, asked = on.served(), len(on.ca.record.requests)
            on.deployer.deployed.clear()
            await on.start()
            assert on.served() == leaf
            assert len(on.deployer.deployed) == 1
            assert on.ordered() == 1
            # Not even the CA's window, which is asked for when it is time.
            assert len(on.ca.record.requests) == asked

    asyncio.run(scene())


def test_a_kind_of_key_that_is_added_is_obtained_and_the_other_one_left_alone(
    a_world: Worlds,
) -> None:
    async def scene() -> None:
        async with a_world() as on:
            await on.start()
            kept = on.current().id
            on.wanted = [managed(key_types=BOTH)]
            await on.start()
            assert on.current().id == kept
            assert on.current(lineage(key_type=KeyType.RSA_2048)).certificate.names == (NAME,)
            assert on.ordered() == 2

    asyncio.run(scene())
