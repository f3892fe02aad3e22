"""Renewal information, good and bad, as the CA's answer is understood."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.ari import fetch
from certs.acme.problem import AcmeProblem, Kind
from certs.renewal.ari import fault
from certs.renewal.validity import Validity
from tests.support.certificates import chain_of
from tests.support.fakeca import Interruption, RetryAfter, Window
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAME = "mail.example.org"


@pytest.mark.parametrize("is_date", [False, True])
def test_a_window_with_its_explanation(stage: Stages, is_date: bool) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.window = Window(
                kind="moved",
                start_s=-3600,
                end_s=7200,
                explanation_url="https://ca.invalid/incident",
                retry_after=RetryAfter(seconds=900, is_date=is_date),
            )
            info = await fetch(await client.session(), issued.cert_id)
            assert info is not None
            assert (info.window.end - info.window.start).total_seconds() == 10_800
            assert info.explanation_url == "https://ca.invalid/incident"
            assert info.retry_after_s == pytest.approx(900, abs=5)
            # Asked without a signature (RFC 9773 section 4.1).
            assert on.ca.record.count("renewalInfo", status=200) == 1
            assert on.ca.record.violations == []

    asyncio.run(scene())


@pytest.mark.parametrize("kind", ["inverted", "empty", "stale"])
def test_a_window_that_is_none_is_found_out(stage: Stages, kind: Any) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.window = Window(kind=kind)
            info = await fetch(await client.session(), issued.cert_id)
            assert info is not None
            leaf = chain_of(issued.chain_pem)[0]
            validity = Validity(
                cert_id=issued.cert_id,
                not_before=leaf.not_valid_before_utc,
                not_after=leaf.not_valid_after_utc,
            )
            assert fault(info.window, validity) is not None

    asyncio.run(scene())


@pytest.mark.parametrize("kind", ["absent", "no_end", "garbage"])
def test_an_answer_without_a_window_is_a_problem(stage: Stages, kind: Any) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.window = Window(kind=kind)
            with pytest.raises(AcmeProblem):
                await fetch(await client.session(), issued.cert_id)

    asyncio.run(scene())


def test_a_burst_of_503_is_not_a_no(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.interruptions = [
                Interruption(
                    resource="renewalInfo", times=None, retry_after=RetryAfter(seconds=600)
                )
            ]
            with pytest.raises(AcmeProblem) as caught:
                await fetch(await client.session(), issued.cert_id)
            assert caught.value.kind is Kind.PASSING
            assert caught.value.retry_after_s == pytest.approx(600, abs=5)

    asyncio.run(scene())


def test_a_ca_without_it(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.has_renewal_info = False
            async with on.client() as client:
                issued = await client.obtain(NAME, solvers=recording_solvers())
                assert await fetch(await client.session(), issued.cert_id) is None
            assert on.ca.record.count("renewalInfo") == 0

    asyncio.run(scene())
