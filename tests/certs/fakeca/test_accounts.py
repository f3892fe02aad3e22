"""Accounts: found again, bound, forgotten, with other terms, with a new key."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.events import AccountChanged
from certs.store.memory import MemoryStore
from tests.support.fakeca import Interruption

Stages = Callable[..., AbstractAsyncContextManager[Any]]


def play(stage: Stages, scene: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage() as opened:
            await scene(opened)

    asyncio.run(run())


def changes(client: Any) -> list[str]:
    return [event.change for event in client.events if isinstance(event, AccountChanged)]


def test_an_account_is_made_once_and_found_in_the_store(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        store = MemoryStore()
        async with on.client(store=store) as client:
            first = await client.session()
            assert changes(client) == ["created"]
        async with on.client(store=store) as client:
            second = await client.session()
            info = await second.account()
        assert second.account_url == first.account_url
        assert (info.status, info.contact) == ("valid", ("mailto:postmaster@example.org",))
        assert info.terms_url == "https://ca.invalid/terms/1"
        assert on.ca.record.count("newAccount") == 1
        assert on.ca.record.user_agents == ["stalwart-edge/test"]
        assert on.ca.record.violations == []

    play(stage, scene)


def test_two_processes_on_one_store_make_one_account(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        store = MemoryStore()
        async with on.client(store=store) as one, on.client(store=store) as other:
            sessions = await asyncio.gather(one.session(), other.session(), one.session())
        assert len({session.account_url for session in sessions}) == 1
        assert len(on.ca.state.accounts) == 1
        assert on.ca.record.count("newAccount") == 1

    play(stage, scene)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("do", ["drop", "cut"])
def test_a_lost_answer_to_new_account_makes_no_second_account(
    stage: Stages, when: str, do: str
) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.interruptions = [Interruption(resource="newAccount", when=when, do=do)]
        async with on.client() as client:
            await client.session()
        assert len(on.ca.state.accounts) == 1
        assert on.ca.record.violations == []

    play(stage, scene)


def test_terms_have_to_be_agreed_to_before_anything_is_sent(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client(agree_to_terms=False) as client:
            with pytest.raises(AcmeProblem, match=r"https://ca\.invalid/terms/1") as caught:
                await client.session()
        assert caught.value.kind is Kind.CONFIGURATION
        assert on.ca.record.count("newAccount") == 0

    play(stage, scene)


def test_an_external_account_is_bound(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.eab_keys = {"kid-1": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}
        eab = {"eab_kid": "kid-1", "eab_hmac_key": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}
        async with on.client(**eab) as client:
            await client.session()
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize(
    "eab",
    [
        {},
        {"eab_kid": "kid-1", "eab_hmac_key": "b3RoZXItb3RoZXItb3RoZXI"},
        {"eab_kid": "kid-2", "eab_hmac_key": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"},
    ],
)
def test_a_wrong_external_account_is_a_matter_of_configuration(
    stage: Stages, eab: dict[str, str]
) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.eab_keys = {"kid-1": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}
        async with on.client(**eab) as client:
            with pytest.raises(AcmeProblem) as caught:
                await client.session()
        assert caught.value.kind is Kind.CONFIGURATION
        assert on.ca.state.accounts == {}

    play(stage, scene)


def test_a_forgotten_account_is_registered_again_once(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            forgotten, thumbprint = session.account_url, session.thumbprint
            on.ca.state.accounts.clear()
            orders = on.ca.core.url("newOrder")
            payload = b'{"identifiers":[{"type":"dns","value":"a.example.org"}]}'
            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(session.post(orders, payload))
            assert session.account_url != forgotten
            assert session.thumbprint == thumbprint
            assert changes(client) == ["created", "registered again"]
        assert on.ca.record.orders == {"a.example.org": 4}
        assert on.ca.record.violations == []

    play(stage, scene)


def test_new_terms_are_told_with_their_address(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            on.ca.faults.terms = "https://ca.invalid/terms/2"
            with pytest.raises(AcmeProblem, match=r"https://ca\.invalid/terms/2") as caught:
                await session.post(on.ca.core.url("newOrder"), b"{}")
        assert caught.value.name == "userActionRequired"
        assert caught.value.kind is Kind.CONFIGURATION

    play(stage, scene)


@pytest.mark.parametrize("fault", [None, ("after", "drop"), ("after", "cut")])
def test_a_new_key_whatever_happens_to_the_answer(
    stage: Stages, fault: tuple[Any, Any] | None
) -> None:
    async def scene(on: Any) -> None:
        store = MemoryStore()
        if fault is not None:
            when, do = fault
            on.ca.faults.interruptions = [Interruption(resource="keyChange", when=when, do=do)]
        async with on.client(store=store) as client:
            session = await client.session()
            before = session.thumbprint
            await session.roll_over()
            assert session.thumbprint != before
            assert (await session.account()).status == "valid"
        async with on.client(store=store) as client:
            reopened = await client.session()
            assert reopened.thumbprint == session.thumbprint
            assert (await reopened.account()).status == "valid"
        assert len(on.ca.state.accounts) == 1
        assert on.ca.record.violations == []

    play(stage, scene)


def test_a_new_key_that_never_arrived_leaves_the_old_one(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        store = MemoryStore()
        on.ca.faults.interruptions = [Interruption(resource="keyChange", do="drop")]
        async with on.client(store=store) as client:
            session = await client.session()
            before = session.thumbprint
            with pytest.raises(AcmeProblem):
                await session.roll_over()
            assert session.thumbprint == before
            assert (await session.account()).status == "valid"
        assert [key for key in store.list("accounts") if "next" in key] == []
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_change_of_key_that_was_cut_off_is_settled_at_the_next_start(
    stage: Stages, is_changed: bool
) -> None:
    async def scene(on: Any) -> None:
        store = MemoryStore()
        when = "after" if is_changed else "before"
        async with on.client(store=store) as client:
            session = await client.session()
            # Nothing comes through any more, not even the question whose key it is.
            on.ca.faults.interruptions = [
                Interruption(resource="keyChange", when=when, do="drop", times=1),
                Interruption(resource="keyChange", do="drop", times=None),
                Interruption(resource="newAccount", do="drop", times=None),
            ]
            with pytest.raises(AcmeProblem):
                await session.roll_over()
        on.ca.faults.interruptions = []
        async with on.client(store=store) as client:
            reopened = await client.session()
            assert (await reopened.account()).status == "valid"
            assert (reopened.thumbprint != session.thumbprint) == is_changed
        assert len(on.ca.state.accounts) == 1
        assert on.ca.record.violations == []

    play(stage, scene)


def test_a_deactivated_account_is_refused_and_not_replaced(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            (account,) = on.ca.state.accounts.values()
            account.status = "deactivated"
            with pytest.raises(AcmeProblem, match="deactivated"):
                await session.post(on.ca.core.url("newOrder"), b"{}")
        assert len(on.ca.state.accounts) == 1

    play(stage, scene)
