"""Orders: what a CA may do on the way from newOrder to a certificate."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.spec import KeyType
from tests.support.certificates import chain_of, is_key_of, leads_to, names_of
from tests.support.fakeca import Interruption, RetryAfter
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAMES = ("mail.example.org", "autoconfig.example.org")
KEY = "autoconfig.example.org,mail.example.org"


def play(stage: Stages, scene: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage() as opened:
            await scene(opened)

    asyncio.run(run())


@pytest.mark.parametrize("key_type", [KeyType.ECDSA_P256, KeyType.ECDSA_P384, KeyType.RSA_2048])
def test_a_certificate_and_no_complaint(stage: Stages, key_type: KeyType) -> None:
    async def scene(on: Any) -> None:
        solvers = recording_solvers()
        async with on.client() as client:
            issued = await client.obtain(*NAMES, solvers=solvers, key_type=key_type)
            assert client.store.list("orders") == []
        chain = chain_of(issued.chain_pem)
        assert names_of(chain[0]) == set(NAMES)
        assert is_key_of(issued.key_pem, chain[0])
        assert leads_to(chain, on.ca.core.authority.roots[0].certificate)
        assert issued.cert_id == next(iter(on.ca.state.certificates.values())).cert_id
        assert all(solver.up == [] for solver in solvers.values())
        assert on.ca.record.orders == on.ca.record.certificates == {KEY: 1}
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize(
    "names", [("192.0.2.7",), ("2001:db8::7", "six.example.org"), ("*.example.org",)]
)
def test_addresses_and_wildcards(stage: Stages, names: tuple[str, ...]) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            issued = await client.obtain(*names, solvers=recording_solvers())
        assert names_of(chain_of(issued.chain_pem)[0]) == set(names)
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize("rejection", [0.3, 0.9])
def test_a_storm_of_bad_nonces(stage: Stages, rejection: float) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.nonce_rejection = rejection
        async with on.client() as client:
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.nonces_rejected > 0
        assert on.ca.record.orders == on.ca.record.certificates == {KEY: 1}
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize("echo", ["reordered", "upper_case"])
def test_an_echo_that_says_the_same(stage: Stages, echo: Any) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.echo = echo
        async with on.client() as client:
            await client.obtain(*NAMES, solvers=recording_solvers())

    play(stage, scene)


@pytest.mark.parametrize("echo", ["changed", "missing", "added"])
def test_an_echo_of_other_identifiers_is_not_gone_on_with(stage: Stages, echo: Any) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.echo = echo
        solvers = recording_solvers()
        async with on.client() as client:
            with pytest.raises(AcmeProblem):
                await client.obtain(*NAMES, solvers=solvers)
        assert all(solver.presented == [] for solver in solvers.values())
        assert on.ca.record.certificates == {}

    play(stage, scene)


@pytest.mark.parametrize("is_date", [False, True])
def test_processing_for_minutes(stage: Stages, is_date: bool) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.processing_polls = 6
        on.ca.faults.poll_retry_after = RetryAfter(seconds=30, is_date=is_date)
        async with on.client() as client:
            await client.obtain(*NAMES, solvers=recording_solvers())
        # The CA's pace was kept: about one question in 30 s.
        assert 150 <= on.clock.ahead_s <= 600
        assert on.ca.record.count("order") <= 20
        assert on.ca.record.certificates == {KEY: 1}

    play(stage, scene)


def test_processing_for_hours_is_taken_up_again_later(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.processing_polls = 100_000
        on.ca.faults.poll_retry_after = RetryAfter(seconds=60)
        async with on.client() as client:
            with pytest.raises(AcmeProblem) as caught:
                await client.obtain(*NAMES, solvers=recording_solvers())
            assert caught.value.kind is Kind.PASSING
            assert on.ca.record.count("order") < 200
            (order,) = on.ca.state.orders.values()
            order.polls_left = 0
            issued = await client.obtain(*NAMES, solvers=recording_solvers())
        assert is_key_of(issued.key_pem, chain_of(issued.chain_pem)[0])
        assert on.ca.record.orders == {KEY: 1}

    play(stage, scene)


def test_an_unknown_status_of_an_order_is_waited_out(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.order_status = "meditating"
        async with on.client() as client:
            with pytest.raises(AcmeProblem):
                await client.obtain(*NAMES, solvers=recording_solvers())
            on.ca.faults.order_status = None
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.certificates == {KEY: 1}

    play(stage, scene)


@pytest.mark.parametrize("name", ["caa", "badCSR", "serverInternal"])
def test_an_order_that_fails_in_the_end_is_not_asked_for_again(stage: Stages, name: str) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.finalize_error = name
        async with on.client() as client:
            with pytest.raises(AcmeProblem) as caught:
                await client.obtain(*NAMES, solvers=recording_solvers())
            assert caught.value.name == name
            on.ca.faults.finalize_error = None
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.orders == {KEY: 2}
        assert on.ca.record.certificates == {KEY: 1}

    play(stage, scene)


def test_refused_names_are_told_one_by_one(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.refused_names = ["autoconfig.example.org"]
        async with on.client() as client:
            with pytest.raises(AcmeProblem) as caught:
                await client.obtain(*NAMES, solvers=recording_solvers())
        assert caught.value.kind is Kind.ORDER
        assert [s.identifier for s in caught.value.subproblems] == ["autoconfig.example.org"]

    play(stage, scene)


@pytest.mark.parametrize(
    "resource", ["newNonce", "newOrder", "order", "authz", "challenge", "finalize", "certificate"]
)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("do", ["drop", "cut", "problem", "html"])
def test_any_answer_may_be_lost_once(stage: Stages, resource: Any, when: Any, do: Any) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.interruptions = [Interruption(resource=resource, when=when, do=do)]
        async with on.client() as client:
            issued = await client.obtain(*NAMES, solvers=recording_solvers())
        assert is_key_of(issued.key_pem, chain_of(issued.chain_pem)[0])
        # Asked for again by the next request, when the first answer did not arrive.
        is_lost = resource == "newOrder" and when == "after"
        assert on.ca.record.orders[KEY] in ({1, 2} if is_lost else {1})
        assert on.ca.record.certificates == {KEY: 1}
        assert on.ca.record.violations == []

    play(stage, scene)


def test_a_rate_limit_is_told_with_its_time(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        limit = Interruption(
            resource="newOrder",
            status=429,
            name="rateLimited",
            detail="too many certificates (5) already issued for this exact set",
            retry_after=RetryAfter(seconds=7200, is_date=True),
        )
        on.ca.faults.interruptions = [limit]
        async with on.client() as client:
            with pytest.raises(AcmeProblem, match="exact set") as caught:
                await client.obtain(*NAMES, solvers=recording_solvers())
        assert caught.value.kind is Kind.RATE_LIMITED
        assert caught.value.retry_after_s == pytest.approx(7200, abs=5)
        assert on.ca.record.orders == {}

    play(stage, scene)


def test_a_forgotten_account_costs_one_more_registration(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            await client.session()
            on.ca.state.accounts.clear()
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.certificates == {KEY: 1}
        assert len(on.ca.state.accounts) == 1

    play(stage, scene)
