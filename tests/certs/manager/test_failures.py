"""A CA that says no, or nothing: when it is asked again, and who else is."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from certs.events import Failed, IssuerChanged, Obtained, RateLimited
from certs.spec import ChallengeType
from tests.support.fakeca import Interruption, RetryAfter, running_fake_ca
from tests.support.manager_world import DAY, HOUR, NAME, World, managed
from tests.support.ports import Ports

Worlds = Callable[..., AbstractAsyncContextManager[World]]
MINUTE = timedelta(minutes=1)
REFUSED = Interruption(
    resource="newOrder", times=None, status=403, name="rejectedIdentifier", detail="not this name"
)


def limited(retry_after_s: int) -> Interruption:
    return Interruption(
        resource="newOrder",
        times=None,
        status=429,
        name="rateLimited",
        detail="too many of these",
        retry_after=RetryAfter(seconds=retry_after_s, is_date=True),
    )


def test_one_ten_and_a_hundred_minutes_over_any_number_of_restarts(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            on.ca.faults.interruptions = [REFUSED]
            tried = []
            await on.start()
            for _ in range(3):
                failed = on.of(Failed)[-1]
                tried.append(failed.next_attempt_at - on.clock.now())
                asked = on.ca.record.count("newOrder")
                for part in (0.0, 0.5, 0.4):
                    on.clock.pass_by(tried[-1].total_seconds() * part)
                    await on.start()
                assert on.ca.record.count("newOrder") == asked
                on.clock.pass_by(tried[-1].total_seconds() * 0.11)
                await on.start()
                assert on.ca.record.count("newOrder") == asked + 1
            waits = [wait / MINUTE for wait in tried]
            assert 1 <= waits[0] <= 1.2
            assert 10 <= waits[1] <= 12
            assert 100 <= waits[2] <= 120
            assert [one.failures for one in on.of(Failed)] == [1, 2, 3, 4]
            assert {one.kind for one in on.of(Failed)} == {"order"}
            assert "not this name" in on.of(Failed)[0].reason

    asyncio.run(scene())


def test_it_works_again_after_a_failure(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.ca.faults.interruptions = [REFUSED]
            await on.settle()
            (status,) = on.operations().list()
            assert status.failures == 1
            assert "not this name" in str(status.last_error)
            on.ca.faults.interruptions = []
            await on.until(lambda: on.of(Obtained), within=2 * MINUTE)
            await on.settle()
            (status,) = on.operations().list()
            assert status.failures == 0

    asyncio.run(scene())


@pytest.mark.parametrize("wait_s", [1800, 3 * 3600])
def test_what_the_ca_asks_for_is_obeyed(a_world: Worlds, wait_s: int) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.ca.faults.interruptions = [limited(wait_s)]
            await on.settle()
            assert on.of(RateLimited)
            asked = on.ca.record.count("newOrder")
            on.ca.faults.interruptions = []
            await on.pass_by(timedelta(seconds=wait_s - 60))
            assert on.ca.record.count("newOrder") == asked
            await on.until(lambda: on.of(Obtained), within=3 * HOUR)

    asyncio.run(scene())


def test_all_certificates_of_an_issuer_that_limits_us_wait(a_world: Worlds) -> None:
    async def scene() -> None:
        names = ["a.example.org", "b.example.org", "c.example.org", "d.example.org"]
        async with a_world(wanted=[managed(name) for name in names]) as on, on.running():
            on.ca.faults.interruptions = [limited(1800)]
            await on.pass_by(timedelta(minutes=25))
            # Two were under way at once.
            assert on.ca.record.count("newOrder") <= 2
            on.ca.faults.interruptions = []
            await on.pass_by(4 * HOUR)
            assert sorted(on.ca.record.orders) == names

    asyncio.run(scene())


def test_the_next_issuer_when_life_runs_short(
    a_world: Worlds, tmp_path: Path, ports: Ports
) -> None:
    async def scene() -> None:
        async with (
            a_world() as on,
            running_fake_ca(tmp_path / "second", port=ports.take(), now=on.clock.now) as second,
        ):
            on.issuers = (on.issuer(), on.issuer("second", ca=second))
            async with on.running():
                await on.settle()
                on.ca.faults.interruptions = [Interruption(resource="newOrder", times=None)]
                await on.pass_by(70 * DAY)
                assert second.record.orders == {}
                await on.until(lambda: on.of(IssuerChanged), within=15 * DAY)
                await on.settle()
                (changed,) = on.of(IssuerChanged)
                assert (changed.before, changed.issuer) == ("first", "second")
                assert second.record.orders == second.record.certificates == {NAME: 1}
                # The certificate is not one of that CA's.
                assert second.record.replaced == []
                assert on.served() == on.current().certificate.leaf_sha256
                assert on.current().meta.issuer == "second"
                assert on.clock.now() < on.of(Obtained)[0].not_after

    asyncio.run(scene())


def test_another_challenge_is_tried_when_one_fails(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            on.ca.faults.failing_challenges = ["http-01"]
            await on.settle()
            assert on.of(Obtained)
            assert ChallengeType.TLS_ALPN_01 in on.solvers
            assert [v.split()[0] for v in on.ca.record.validations] == ["http-01", "tls-alpn-01"]
            await on.pass_by(70 * DAY)
            assert [v.split()[0] for v in on.ca.record.validations[2:]] == ["tls-alpn-01"]

    asyncio.run(scene())


def test_terms_that_were_not_agreed_to_are_no_longer_waited_for_once_they_are(
    a_world: Worlds,
) -> None:
    """A wrong configuration waits for a day; who corrects it does not."""

    async def scene() -> None:
        async with a_world(settings={"agree_to_terms": False}) as on:
            async with on.running():
                await on.pass_by(HOUR)
                (failed,) = on.of(Failed)
                assert failed.kind == "configuration"
                assert failed.next_attempt_at - on.clock.now() > 20 * HOUR
            on.settings = {"agree_to_terms": True}
            await on.start()
            assert on.of(Obtained)

    asyncio.run(scene())
