"""What goes wrong between a client and its CA: nonces, limits, outages, clocks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.problem import AcmeProblem, Kind
from tests.support.fakeca import Interruption, RetryAfter

Stages = Callable[..., AbstractAsyncContextManager[Any]]


def play(stage: Stages, scene: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage() as opened:
            await scene(opened)

    asyncio.run(run())


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"])
def time_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize("rejection", [0.3, 0.9])
def test_a_storm_of_bad_nonces_is_survived(stage: Stages, rejection: float) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.nonce_rejection = rejection
        async with on.client() as client:
            session = await client.session()
            for _ in range(10):
                assert (await session.account()).status == "valid"
            async with asyncio.TaskGroup() as group:
                for _ in range(10):
                    group.create_task(session.account())
        record = on.ca.record
        assert record.nonces_rejected > 5
        assert record.violations == []
        # The nonce of an error is used: newNonce is only asked for what a pool cannot give.
        assert record.count("newNonce") <= 12

    play(stage, scene)


def test_errors_without_a_nonce_and_nonces_forgotten_by_the_ca(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            on.ca.faults.has_nonce_on_errors = False
            on.ca.faults.nonce_rejection = 0.5
            async with asyncio.TaskGroup() as group:
                for _ in range(10):
                    group.create_task(session.account())
            on.ca.faults.nonce_rejection = 0.0
            on.ca.core.nonces.forget()
            await session.account()
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize("is_date", [False, True])
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.usefixtures("time_zone")
def test_retry_after_is_what_the_ca_meant_in_every_time_zone(
    stage: Stages, status: int, is_date: bool
) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            on.ca.faults.interruptions = [
                Interruption(
                    resource="newOrder",
                    status=status,
                    name="rateLimited",
                    detail="too many\x1b[31m orders\nof yours",
                    retry_after=RetryAfter(seconds=3600, is_date=is_date),
                )
            ]
            with pytest.raises(AcmeProblem) as caught:
                await session.post(on.ca.core.url("newOrder"), b"{}")
        assert caught.value.status == status
        assert caught.value.kind is Kind.RATE_LIMITED
        assert caught.value.retry_after_s == pytest.approx(3600, abs=5)
        assert caught.value.detail == "too many [31m orders of yours"
        # An hour is for whoever plans the next attempt: nothing waited for it here.
        assert on.clock.ahead_s < 60

    play(stage, scene)


@pytest.mark.parametrize("do", ["problem", "html", "empty", "drop", "cut"])
def test_a_short_outage_is_not_noticed(stage: Stages, do: Any) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            on.ca.faults.interruptions = [Interruption(resource="account", do=do, times=2)]
            assert (await session.account()).status == "valid"
        assert on.ca.record.violations == []

    play(stage, scene)


@pytest.mark.parametrize("do", ["problem", "html", "empty", "drop", "cut", "huge"])
def test_a_long_outage_is_a_passing_problem(stage: Stages, do: Any) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            on.ca.faults.interruptions = [Interruption(resource="account", do=do, times=None)]
            with pytest.raises(AcmeProblem) as caught:
                await session.account()
        assert caught.value.kind is Kind.PASSING
        assert len(caught.value.detail) <= 500
        assert caught.value.detail.isprintable()
        await on.ca.wait_for(lambda record: record.count("account") >= 1)
        assert on.ca.record.count("account") <= 3
        assert on.ca.record.violations == []

    play(stage, scene)


def test_html_with_status_200_is_a_broken_promise(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client() as client:
            session = await client.session()
            on.ca.faults.interruptions = [
                Interruption(resource="account", do="html", status=200, times=None)
            ]
            with pytest.raises(AcmeProblem) as caught:
                await session.account()
        assert caught.value.type == "protocol"

    play(stage, scene)


def test_a_directory_that_is_away_is_a_passing_problem(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.interruptions = [Interruption(resource="directory", times=None, do="html")]
        async with on.client() as client:
            with pytest.raises(AcmeProblem) as caught:
                await client.session()
            assert caught.value.kind is Kind.PASSING
            on.ca.faults.interruptions = []
            await client.session()

    play(stage, scene)


@pytest.mark.parametrize(("ahead_s", "is_told"), [(0, False), (250, False), (-1200, True)])
def test_a_clock_unlike_the_cas_is_noticed_once(
    stage: Stages, ahead_s: float, is_told: bool
) -> None:
    async def scene(on: Any) -> None:
        on.ca.faults.date_skew_s = ahead_s
        async with on.client() as client:
            await (await client.session()).account()
            assert client.transport.skew_s == pytest.approx(ahead_s, abs=5)
            assert len(client.skews) == is_told

    play(stage, scene)


def test_a_server_of_another_authority_is_not_trusted(stage: Stages) -> None:
    async def scene(on: Any) -> None:
        async with on.client(ca_bundle=None) as client:
            with pytest.raises(AcmeProblem, match="CERTIFICATE_VERIFY_FAILED"):
                await client.session()
        assert on.ca.record.requests == []

    play(stage, scene)
