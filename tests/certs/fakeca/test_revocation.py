"""Revocation, and how a CA tells of one that it made itself."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.ari import fetch
from certs.acme.problem import AcmeProblem
from certs.acme.revoking import revoke
from tests.support.fakeca import Interruption
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAME = "mail.example.org"
NUMBERS = {"unspecified": 0, "keyCompromise": 1, "superseded": 4, "cessationOfOperation": 5}


@pytest.mark.parametrize("reason", NUMBERS)
@pytest.mark.parametrize("has_key", [False, True])
def test_the_reason_arrives(stage: Stages, reason: Any, has_key: bool) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            key_pem = issued.key_pem if has_key else None
            await revoke(await client.session(), issued.chain_pem, reason=reason, key_pem=key_pem)
            (certificate,) = on.ca.state.certificates.values()
            assert certificate.revocation_reason == NUMBERS[reason]
            assert on.ca.record.violations == []

    asyncio.run(scene())


@pytest.mark.parametrize("do", ["drop", "cut", "html"])
def test_an_answer_that_is_lost_is_no_failure(stage: Stages, do: Any) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.interruptions = [Interruption(resource="revokeCert", when="after", do=do)]
            await revoke(await client.session(), issued.chain_pem, reason="superseded")
            assert on.ca.record.violations == []

    asyncio.run(scene())


def test_a_certificate_of_nobody_here_is_refused(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            on.ca.state.certificates.clear()
            with pytest.raises(AcmeProblem):
                await revoke(await client.session(), issued.chain_pem, reason="superseded")

    asyncio.run(scene())


def test_a_revoked_certificate_is_to_be_renewed_at_once(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            issued = await client.obtain(NAME, solvers=recording_solvers())
            (certificate,) = on.ca.state.certificates.values()
            certificate.revocation_reason = 4
            info = await fetch(await client.session(), issued.cert_id)
            assert info is not None
            assert info.window.end < on.clock.now()

    asyncio.run(scene())
