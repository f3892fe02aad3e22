"""Our clock against the CA's: noticed once, and a date of the CA's is read by the CA's clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.certs.acme.conftest import Paired
from tests.support.patient_clock import PatientClock
from tests.support.scripted_ca import Answer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def dated(moment: datetime, **headers: str) -> Answer:
    date = ("Date", format_datetime(moment, usegmt=True))
    return Answer(headers=[date, *((k.replace("_", "-"), v) for k, v in headers.items())])


@pytest.mark.parametrize("skew_s", [-86_400, -301, 301, 3600])
def test_told_when_it_begins(paired: Paired, skew_s: float) -> None:
    told: list[float] = []

    async def dialogue() -> None:
        async with paired(PatientClock(NOW), on_skew=told.append) as pair:
            off, right = NOW + timedelta(seconds=skew_s), NOW + timedelta(seconds=2)
            pair.ca.answer("/x", dated(right), dated(off), dated(off), dated(right), dated(off))
            for expected in (2, skew_s, skew_s, 2, skew_s):
                await pair.transport.get(pair.ca.url("/x"))
                assert pair.transport.skew_s == expected
            assert told == [skew_s, skew_s]

    asyncio.run(dialogue())


def test_nothing_is_known_without_a_date(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired(PatientClock(NOW)) as pair:
            assert pair.transport.skew_s is None
            pair.ca.answer("/x", Answer(headers=[("Date", "yesterday")]))
            await pair.transport.get(pair.ca.url("/x"))
            assert pair.transport.skew_s is None

    asyncio.run(dialogue())


def test_a_date_to_come_again_at_is_by_the_clock_of_the_ca(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired(PatientClock(NOW)) as pair:
            theirs = NOW + timedelta(days=3)
            again = format_datetime(theirs + timedelta(minutes=5), usegmt=True)
            pair.ca.answer("/x", dated(theirs, Retry_After=again))
            reply = await pair.transport.get(pair.ca.url("/x"))
            assert reply.retry_after_s == 300

    asyncio.run(dialogue())
