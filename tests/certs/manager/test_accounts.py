"""Accounts shown and given new keys, but never under an order."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from certs.manager.operations import UnknownCertificate
from certs.store.protocol import StoreError
from tests.support.fakeca import RetryAfter
from tests.support.manager_world import DAY, NAME, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_shown_with_the_address_of_the_terms(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            (account,) = await on.done(on.operations().accounts())
            assert account.terms_url == on.ca.faults.terms
            assert account.status == "valid"
            assert account.directory == on.ca.directory

    asyncio.run(scene())


def test_a_new_key_and_renewals_go_on(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            (before,) = await on.done(on.operations().accounts())
            (after,) = await on.done(on.operations().roll_over("first"))
            assert after.url == before.url
            assert after.thumbprint != before.thumbprint
            await on.pass_by(70 * DAY)
            assert on.ca.record.certificates == {NAME: 2}
            assert len(on.ca.state.accounts) == 1
            with pytest.raises(UnknownCertificate):
                await on.operations().roll_over("nobody")

    asyncio.run(scene())


def test_not_during_an_order(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            on.ca.faults.processing_polls = 3
            on.ca.faults.poll_retry_after = RetryAfter(seconds=30)
            renewing = asyncio.ensure_future(
                on.done(on.operations().renew(NAME, force=True, sink=on.events.append))
            )
            await on.ca.wait_for(lambda record: sum(record.orders.values()) == 2)
            with pytest.raises(StoreError, match="being worked on"):
                await on.operations().roll_over(None)
            await renewing
            (account,) = on.ca.state.accounts.values()
            assert account.former_jwks == []
            await on.done(on.operations().roll_over(None))
            assert len(account.former_jwks) == 1

    asyncio.run(scene())
