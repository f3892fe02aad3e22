"""Authorizations: which way is taken, what fails, what is remembered, what is given up."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.spec import ChallengeType
from tests.support.fakeca import RetryAfter
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAMES = ("mail.example.org", "autoconfig.example.org")
KEY = "autoconfig.example.org,mail.example.org"


def play(stage: Stages, scene: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage() as opened:
            await scene(opened)

    asyncio.run(run())


def test_authorizations_that_take_their_time(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.authz_polls = 4
        on.ca.faults.poll_retry_after = RetryAfter(seconds=10)
        async with on.client() as client:
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.violations == []

    play(stage, scene)


def test_authorizations_that_are_valid_already(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.is_authz_reused = True
        async with on.client() as client:
            await client.obtain(*NAMES, solvers=recording_solvers())
            again = recording_solvers()
            await client.obtain(*NAMES, solvers=again)
        assert all(solver.presented == [] for solver in again.values())
        assert len(on.ca.record.validations) == 2

    play(stage, scene)


def test_strange_challenges_are_ignored(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.has_strange_challenges = True
        async with on.client() as client:
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize("status", ["expired", "revoked", "hibernating"])
def test_an_unusable_status_of_an_authorization_is_a_problem_and_no_crash(
    stage: Stages, status: str
) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.authz_status = status
        async with on.client() as client:
            with pytest.raises(AcmeProblem):
                await client.obtain(*NAMES, solvers=recording_solvers())
            on.ca.faults.authz_status = None
            await client.obtain(*NAMES, solvers=recording_solvers())
        assert on.ca.record.certificates == {KEY: 1}
        assert sum(on.ca.record.orders.values()) <= 6

    play(stage, scene)


def test_the_first_way_fails_the_second_is_taken_and_remembered(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.failing_challenges = ["tls-alpn-01"]
        first, second = recording_solvers(), recording_solvers()
        async with on.client() as client:
            await client.obtain("mail.example.org", solvers=first)
            await client.obtain("mail.example.org", solvers=second)
        assert first[ChallengeType.TLS_ALPN_01].presented == ["mail.example.org"]
        assert second[ChallengeType.TLS_ALPN_01].presented == []
        assert on.ca.record.violations == []

    play(stage, scene)


def test_a_way_that_is_broken_here_is_not_tried_at_the_ca(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        solvers = recording_solvers(ChallengeType.TLS_ALPN_01)
        async with on.client() as client:
            await client.obtain("mail.example.org", solvers=solvers)
        assert [line.split()[0] for line in on.ca.record.validations] == ["http-01"]

    play(stage, scene)


def test_when_all_ways_fail_nothing_is_left_behind(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.validation = "always_invalid"
        solvers = recording_solvers()
        async with on.client() as client:
            with pytest.raises(AcmeProblem) as caught:
                await client.obtain(*NAMES, solvers=solvers)
        assert caught.value.kind is Kind.ORDER
        assert all(solver.up == [] for solver in solvers.values())
        assert not [a for a in on.ca.state.authorizations.values() if a.status == "pending"]
        assert sum(on.ca.record.orders.values()) <= 4
        assert on.ca.record.violations == []

    play(stage, scene)
