"""What a CA hands out is looked at before it is used."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.problem import AcmeProblem
from tests.support.certificates import chain_of, leads_to
from tests.support.fakeca import Interruption
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.mark.parametrize(
    "chain",
    [
        "wrong_key",
        "no_intermediates",
        "other_names",
        "other_key",
        "future",
        "expired",
        "no_server_auth",
        "garbage",
    ],
)
def test_a_bad_chain_is_refused(stage: Stages, chain: Any) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.chain = chain
            async with on.client() as client:
                with pytest.raises(AcmeProblem) as caught:
                    await client.obtain("mail.example.org", solvers=recording_solvers())
                assert caught.value.detail
                # One that is bad for ever is not held on to; one that is early is the same later.
                on.ca.faults.chain = "good"
                if chain != "future":
                    await client.obtain("mail.example.org", solvers=recording_solvers())
            assert on.ca.record.violations == []

    asyncio.run(scene())


def test_a_leaf_without_a_key_identifier_has_no_renewal_information(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.chain = "no_aki"
            async with on.client() as client:
                issued = await client.obtain("mail.example.org", solvers=recording_solvers())
            assert issued.cert_id is None

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("preferred", "number"),
    [(None, 0), ("Fake Root 1", 0), ("Fake Root 2", 1), ("Fake Root 3", 2), ("Nobody", 0)],
)
def test_alternate_chains_by_the_name_of_a_root(
    stage: Stages, preferred: str | None, number: int
) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.alternate_chains = 2
            async with on.client(preferred_chain=preferred) as client:
                issued = await client.obtain("mail.example.org", solvers=recording_solvers())
            root = on.ca.core.authority.roots[number].certificate
            assert leads_to(chain_of(issued.chain_pem), root)

    asyncio.run(scene())


def test_an_alternate_chain_that_cannot_be_had_does_not_cost_the_certificate(
    stage: Stages,
) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.alternate_chains = 2
            on.ca.faults.interruptions = [
                Interruption(resource="certificate", skip=1, times=None, status=500)
            ]
            async with on.client(preferred_chain="Fake Root 3") as client:
                issued = await client.obtain("mail.example.org", solvers=recording_solvers())
            root = on.ca.core.authority.roots[0].certificate
            assert leads_to(chain_of(issued.chain_pem), root)

    asyncio.run(scene())
