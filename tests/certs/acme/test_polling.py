"""Waiting: at the CA's pace, by the monotonic clock, and not for ever."""

import asyncio
import random

import pytest

from certs.acme.polling import Patience, few_at_once
from certs.acme.problem import AcmeProblem, Kind
from tests.support.patient_clock import PatientClock

URL = "https://ca.invalid/order/1"


def patience(clock: PatientClock, deadline_s: float = 60.0) -> Patience:
    return Patience(clock, random.Random(1), deadline_s=deadline_s, what="the order")


def test_pauses_grow_until_the_end() -> None:
    clock = PatientClock()

    async def scene() -> None:
        waiting = patience(clock)
        while True:
            await waiting.pause(None, url=URL)

    with pytest.raises(AcmeProblem, match="timeout: the CA is not done with the order"):
        asyncio.run(scene())
    assert clock.slept[0] < 0.3
    assert clock.slept[:5] == sorted(clock.slept[:5])
    assert max(clock.slept) < 9
    assert 50 < sum(clock.slept) <= 60


def test_the_cas_pace_is_kept() -> None:
    clock = PatientClock()
    asyncio.run(patience(clock).pause(20.0, url=URL))
    assert 20 <= clock.slept[0] <= 22


def test_a_ca_that_wants_more_time_than_there_is_gets_it_later() -> None:
    clock = PatientClock()
    with pytest.raises(AcmeProblem) as caught:
        asyncio.run(patience(clock).pause(3600.0, url=URL))
    assert (caught.value.kind, caught.value.retry_after_s) == (Kind.PASSING, 3600.0)
    assert clock.slept == []


def test_a_ca_in_a_hurry_is_not_asked_in_a_loop() -> None:
    clock = PatientClock()
    asyncio.run(patience(clock).pause(0.0, url=URL))
    assert clock.slept[0] >= 0.25


def test_some_at_a_time_and_in_order() -> None:
    running, most = 0, 0

    async def call(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return number

    async def scene() -> list[int]:
        return await few_at_once([lambda number=number: call(number) for number in range(30)])

    assert asyncio.run(scene()) == list(range(30))
    assert most == 8


def test_the_first_error_is_raised_as_it_is() -> None:
    async def fail() -> None:
        raise AcmeProblem(type="x", detail="y", kind=Kind.ORDER)

    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(AcmeProblem):
        asyncio.run(few_at_once([hang, fail]))
