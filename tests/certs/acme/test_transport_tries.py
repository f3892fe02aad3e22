"""What is tried again, how often and when; and what the caller learns when it is in vain."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from certs.acme.problem import AcmeProblem, Kind
from tests.certs.acme.conftest import Pair, Paired
from tests.support.scripted_ca import Answer, problem

BROKEN = Answer(status=500, body=problem("serverInternal"))
DROPPED = Answer(is_dropped=True)
GATEWAY = Answer(status=502, body=b"<html>")


async def sent(pair: Pair, method: str) -> None:
    if method == "GET":
        await pair.transport.get(pair.ca.url("/x"))
    else:
        await pair.transport.post(pair.ca.url("/x"), b"{}", signer=pair.signer)


def in_vain(method: str, failure: Answer) -> list[Answer]:
    """What one try takes: aiohttp repeats a GET once by itself when the connection is closed."""
    return [failure] * (2 if method == "GET" and failure.is_dropped else 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("failures", [(BROKEN, DROPPED), (DROPPED, GATEWAY)])
def test_twice_in_vain_and_then_it_works(
    paired: Paired, method: str, failures: tuple[Answer, ...]
) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            for failure in failures:
                pair.ca.answer("/x", *in_vain(method, failure))
            await sent(pair, method)
            assert pair.clock.slept == [0.5, 2.0]
            tries = pair.ca.requests("/x")
            assert {one.method for one in tries} == {method}
            if method == "POST":
                assert len(tries) == len({one.protected["nonce"] for one in tries}) == 3

    asyncio.run(dialogue())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("failure", "type_", "status"),
    [(BROKEN, "urn:ietf:params:acme:error:serverInternal", 500), (DROPPED, "transport", None)],
)
def test_three_times_in_vain(
    paired: Paired, method: str, failure: Answer, type_: str, status: int | None
) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", *[failure] * 9)
            with pytest.raises(AcmeProblem) as caught:
                await sent(pair, method)
            assert (caught.value.type, caught.value.status) == (type_, status)
            assert caught.value.kind is Kind.PASSING
            assert caught.value.url == pair.ca.url("/x")
            assert len(pair.ca.requests("/x")) == 3 * len(in_vain(method, failure))

    asyncio.run(dialogue())


def test_what_is_not_repeatable_is_not_repeated(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", DROPPED)
            with pytest.raises(AcmeProblem):
                await pair.transport.post(
                    pair.ca.url("/x"), b"{}", signer=pair.signer, is_repeatable=False
                )
            assert len(pair.ca.requests("/x")) == 1

    asyncio.run(dialogue())


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429])
def test_a_refusal_is_final(paired: Paired, status: int) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(status=status, body=problem("conflict", "why")))
            with pytest.raises(AcmeProblem) as caught:
                await sent(pair, "POST")
            assert (caught.value.status, caught.value.detail) == (status, "why")
            assert len(pair.ca.requests("/x")) == 1
            # The nonce of the refusal is as good as any.
            await sent(pair, "POST")
            assert len(pair.ca.requests("/nonce")) == 1

    asyncio.run(dialogue())


def test_a_short_retry_after_is_waited_for(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(status=503, headers=[("Retry-After", "7")]))
            await sent(pair, "GET")
            assert pair.clock.slept == [7.0]

    asyncio.run(dialogue())


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("is_date", [False, True])
def test_a_long_retry_after_goes_to_the_caller(paired: Paired, status: int, is_date: bool) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            until = pair.clock.now() + timedelta(hours=1)
            wait = format_datetime(until, usegmt=True) if is_date else "3600"
            pair.ca.answer("/x", Answer(status=status, headers=[("Retry-After", wait)]))
            with pytest.raises(AcmeProblem) as caught:
                await sent(pair, "POST")
            assert caught.value.retry_after_s == pytest.approx(3600, abs=5)
            assert caught.value.headers["retry-after"] == wait
            assert len(pair.ca.requests("/x")) == 1
            assert pair.clock.slept == []

    asyncio.run(dialogue())


def test_a_reply_says_when_to_come_again(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(headers=[("Retry-After", "30")]))
            assert (await pair.transport.get(pair.ca.url("/x"))).retry_after_s == 30
            assert (await pair.transport.get(pair.ca.url("/x"))).retry_after_s is None

    asyncio.run(dialogue())
