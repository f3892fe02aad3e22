"""A CA that moves its addresses: the directory is asked again, the request made once more."""

import asyncio

import pytest

from certs.acme.problem import AcmeProblem
from certs.acme.session import Session
from certs.spec import AcmeSettings
from certs.store.memory import MemoryStore
from tests.certs.acme.conftest import Pair, Paired
from tests.support.scripted_ca import Answer, problem

GONE = Answer(status=404, body=problem("malformed", "no such page"))


async def opened(pair: Pair) -> Session:
    issuer = pair.transport.issuer
    account = Answer(status=201, headers=[("Location", "/account/1")])
    pair.ca.answer("/new-account", account)
    settings = AcmeSettings(email=None, agree_to_terms=True, issuers=(issuer,), user_agent="x")
    return await Session.open(
        pair.transport, store=MemoryStore(), issuer=issuer, settings=settings, sink=lambda _: None
    )


def test_found_at_its_new_address(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            session = await opened(pair)
            assert session.account_url == pair.ca.url("/account/1")
            pair.ca.answer("/new-order", GONE)
            pair.ca.answer(
                "/dir", Answer(body=pair.ca.directory(newOrder=pair.ca.url("/v2/order")))
            )
            await session.post(session.directory.new_order, b"{}")
            (moved,) = pair.ca.requests("/v2/order")
            assert moved.protected["url"] == pair.ca.url("/v2/order")
            assert session.directory.new_order == pair.ca.url("/v2/order")

    asyncio.run(dialogue())


def test_gone_for_good(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            session = await opened(pair)
            pair.ca.answer("/new-order", GONE, GONE)
            with pytest.raises(AcmeProblem, match="no such page"):
                await session.post(session.directory.new_order, b"{}")
            assert len(pair.ca.requests("/new-order")) == 1
            assert len(pair.ca.requests("/dir")) == 2

    asyncio.run(dialogue())


def test_an_order_that_is_gone_says_nothing_of_the_directory(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            session = await opened(pair)
            pair.ca.answer("/order/1", GONE)
            with pytest.raises(AcmeProblem, match="no such page"):
                await session.post_as_get(pair.ca.url("/order/1"))
            assert len(pair.ca.requests("/dir")) == 1

    asyncio.run(dialogue())


def test_another_signer_is_left_alone(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            session = await opened(pair)
            unknown = Answer(status=400, body=problem("accountDoesNotExist"))
            pair.ca.answer("/revoke", unknown)
            with pytest.raises(AcmeProblem, match="accountDoesNotExist"):
                await session.post(pair.ca.url("/revoke"), b"{}", signer=pair.signer)
            assert len(pair.ca.requests("/new-account")) == 1

    asyncio.run(dialogue())
