"""Requests and nonces: each once, the newest first, the one of the error for the next try."""

import asyncio

import pytest

from certs.acme.nonces import MAX_AGE_S
from certs.acme.problem import AcmeProblem, Kind
from tests.certs.acme.conftest import Paired
from tests.support.scripted_ca import Answer, ScriptedCa, problem

BAD_NONCE = Answer(status=400, body=problem("badNonce"))


def nonces(ca: ScriptedCa, path: str) -> list[str]:
    return [one.protected["nonce"] for one in ca.requests(path)]


def test_fetched_first_then_taken_from_each_reply(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            for _ in range(3):
                await pair.transport.post(pair.ca.url("/x"), b"{}", signer=pair.signer)
            assert [one.method for one in pair.ca.requests("/nonce")] == ["HEAD"]
            assert len(set(nonces(pair.ca, "/x"))) == 3

    asyncio.run(dialogue())


def test_the_nonce_of_the_error_is_used(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            refused = Answer(
                status=400, body=problem("badNonce"), headers=[("Replay-Nonce", "fresh")]
            )
            pair.ca.answer("/x", refused)
            await pair.transport.post(pair.ca.url("/x"), b"{}", signer=pair.signer)
            assert nonces(pair.ca, "/x")[1] == "fresh"
            assert len(pair.ca.requests("/nonce")) == 1
            assert pair.clock.slept == []

    asyncio.run(dialogue())


def test_other_nonces_are_dropped_with_the_one_refused(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            together = [
                pair.transport.post(pair.ca.url(f"/{n}"), b"", signer=pair.signer) for n in range(4)
            ]
            await asyncio.gather(*together)  # four nonces are kept now
            no_nonce = Answer(status=400, body=problem("badNonce"), has_nonce=False)
            pair.ca.answer("/x", no_nonce)
            fetched = len(pair.ca.requests("/nonce"))
            await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            assert len(pair.ca.requests("/nonce")) == fetched + 1

    asyncio.run(dialogue())


def test_a_storm_is_survived(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", *[BAD_NONCE] * 60)
            reply = await pair.transport.post(pair.ca.url("/x"), b"{}", signer=pair.signer)
            assert reply.status == 200
            assert len(set(nonces(pair.ca, "/x"))) == 61
            # At once at first; then less eagerly.
            assert 4 < sum(pair.clock.slept) < 10

    asyncio.run(dialogue())


def test_a_storm_without_end_ends(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", *[BAD_NONCE] * 500)
            with pytest.raises(AcmeProblem) as caught:
                await pair.transport.post(pair.ca.url("/x"), b"{}", signer=pair.signer)
            assert (caught.value.name, caught.value.kind) == ("badNonce", Kind.PASSING)
            assert len(pair.ca.requests("/x")) == 100

    asyncio.run(dialogue())


def test_an_old_nonce_is_not_tried(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            pair.clock.pass_by(MAX_AGE_S + 1)
            await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            assert len(pair.ca.requests("/nonce")) == 2

    asyncio.run(dialogue())


def test_an_unusable_nonce_is_none(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(headers=[("Replay-Nonce", "not base64url!")]))
            for _ in range(2):
                await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            assert len(pair.ca.requests("/nonce")) == 2
            pair.ca.answer("/nonce", Answer(has_nonce=False))
            pair.ca.answer("/x", Answer(has_nonce=False))
            await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            with pytest.raises(AcmeProblem, match="no usable nonce"):
                await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)

    asyncio.run(dialogue())
