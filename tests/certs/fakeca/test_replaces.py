"""`replaces` (RFC 9773 section 5) never costs a renewal, whatever a CA thinks of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAME = "mail.example.org"


def test_the_predecessor_is_named_once(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            first = await client.obtain(NAME, solvers=recording_solvers())
            await client.obtain(NAME, solvers=recording_solvers(), replaces=first.cert_id)
            assert on.ca.record.replaced == [first.cert_id]
            # The CA says alreadyReplaced now.
            await client.obtain(NAME, solvers=recording_solvers(), replaces=first.cert_id)
            assert on.ca.record.replaced == [first.cert_id]
            assert on.ca.record.certificates == {NAME: 3}
            assert on.ca.record.violations == []

    asyncio.run(scene())


@pytest.mark.parametrize(
    "answer", ["alreadyReplaced", "conflict", "odd_409", "malformed", "server_error"]
)
def test_whatever_the_ca_says_the_order_is_made_without_it(stage: Stages, answer: Any) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            first = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.replaces = answer
            await client.obtain(NAME, solvers=recording_solvers(), replaces=first.cert_id)
            assert on.ca.record.replaced == []
            assert on.ca.record.certificates == {NAME: 2}

    asyncio.run(scene())


def test_a_ca_without_renewal_information_is_not_told(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.has_renewal_info = False
            async with on.client() as client:
                first = await client.obtain(NAME, solvers=recording_solvers())
                await client.obtain(NAME, solvers=recording_solvers(), replaces=first.cert_id)
            assert on.ca.record.replaced == []

    asyncio.run(scene())


def test_a_certificate_the_ca_does_not_know(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            await client.obtain(
                NAME, solvers=recording_solvers(), replaces="aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
            )
            assert on.ca.record.certificates == {NAME: 1}

    asyncio.run(scene())
