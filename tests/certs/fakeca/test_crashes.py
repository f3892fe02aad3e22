"""kill -9 at every change of the store, and at every request: one order, one certificate, its key.

What an order costs a CA is bounded: one that was placed is found again, or asked for again and
given again, as Let's Encrypt does.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.keys import generate
from certs.acme.problem import AcmeProblem, Kind
from certs.spec import KeyType
from tests.support.certificates import chain_of, is_key_of
from tests.support.crashing_store import CrashingStore, Killed
from tests.support.fakeca import Interruption
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAME = "mail.example.org"
LETS_ENCRYPT = {"is_order_reused": True, "has_order_list": False}
OTHERS = {"is_order_reused": False, "has_order_list": True}


@pytest.mark.parametrize("habits", [LETS_ENCRYPT, OTHERS], ids=["letsencrypt", "others"])
@pytest.mark.parametrize("is_done", [True, False])
def test_killed_at_every_change_of_the_store(
    stage: Stages, habits: dict[str, bool], is_done: bool
) -> None:
    async def scene() -> None:
        crash_at = 0
        while True:
            async with stage() as on:
                for knob, value in habits.items():
                    setattr(on.ca.faults, knob, value)
                store = CrashingStore()
                store.crash_at, store.is_done = crash_at, is_done
                is_killed = False
                try:
                    async with on.client(store=store) as client:
                        await client.obtain(NAME, solvers=recording_solvers(), is_kept=True)
                except* Killed:
                    is_killed = True
                if not is_killed:
                    assert crash_at > 5
                    return
                store.revive()
                async with on.client(store=store) as client:
                    issued = await client.obtain(NAME, solvers=recording_solvers())
                assert is_key_of(issued.key_pem, chain_of(issued.chain_pem)[0])
                assert on.ca.record.orders == on.ca.record.certificates == {NAME: 1}, store.log
                assert len(on.ca.state.accounts) == 1
                assert on.ca.record.violations == []
            crash_at += 1

    asyncio.run(scene())


@pytest.mark.parametrize("habits", [LETS_ENCRYPT, OTHERS], ids=["letsencrypt", "others"])
def test_killed_after_every_request(stage: Stages, habits: dict[str, bool]) -> None:
    async def scene() -> None:
        requests = 1
        while True:
            async with stage() as on:
                for knob, value in habits.items():
                    setattr(on.ca.faults, knob, value)
                store = CrashingStore()
                first = await until(on, store, requests)
                if first is not None:
                    assert requests > 8
                    return
                store.revive()
                async with on.client(store=store) as client:
                    issued = await client.obtain(NAME, solvers=recording_solvers())
                assert is_key_of(issued.key_pem, chain_of(issued.chain_pem)[0])
                assert on.ca.record.orders == on.ca.record.certificates == {NAME: 1}, requests
                assert len(on.ca.state.accounts) == 1
                assert on.ca.record.violations == []
            requests += 1

    asyncio.run(scene())


async def until(on: Any, store: CrashingStore, requests: int) -> Any:
    """Obtain; from the moment the CA has had so many requests on, nothing is stored any more."""
    reached = asyncio.Event()

    async def killer() -> None:
        await on.ca.wait_for(lambda record: len(record.requests) >= requests, timeout_s=30)
        store.crash_at, store.is_done = store.changes, False
        reached.set()

    async def attempt() -> Any:
        async with on.client(store=store) as client:
            return await client.obtain(NAME, solvers=recording_solvers(), is_kept=True)

    killing = asyncio.ensure_future(killer())
    trying = asyncio.ensure_future(attempt())
    try:
        await asyncio.wait({killing, trying}, return_when=asyncio.FIRST_COMPLETED)
        if trying.done() and not reached.is_set():
            return trying.result()
        trying.cancel()
        with contextlib.suppress(asyncio.CancelledError, Killed):
            await trying
        return None
    finally:
        killing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await killing


def test_a_journal_that_was_kept_leads_to_the_same_certificate(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            first = await client.obtain(NAME, solvers=recording_solvers(), is_kept=True)
            again = await client.obtain(NAME, solvers=recording_solvers())
            assert (again.key_pem, again.chain_pem) == (first.key_pem, first.chain_pem)
            third = await client.obtain(NAME, solvers=recording_solvers())
            assert third.key_pem != first.key_pem
            assert on.ca.record.orders == {NAME: 2}

    asyncio.run(scene())


def test_another_key_than_the_one_finalized_with_is_another_order(stage: Stages) -> None:
    async def scene() -> None:
        async with stage() as on, on.client() as client:
            on.ca.faults.interruptions = [Interruption(resource="certificate", times=None)]
            with pytest.raises(AcmeProblem):
                await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.interruptions = []
            key_pem = generate(KeyType.ECDSA_P256)
            issued = await client.obtain(NAME, solvers=recording_solvers(), key_pem=key_pem)
            assert issued.key_pem == key_pem
            assert is_key_of(key_pem, chain_of(issued.chain_pem)[0])

    asyncio.run(scene())


def test_two_types_of_key_where_the_ca_gives_the_open_order_again(stage: Stages) -> None:
    """Let's Encrypt would give both the same order: the second one has to wait for the first."""

    async def scene() -> None:
        async with stage() as on, on.client() as client:
            on.ca.faults.is_order_reused = True
            on.ca.faults.interruptions = [Interruption(resource="finalize", times=None)]
            with pytest.raises(AcmeProblem):
                await client.obtain(NAME, solvers=recording_solvers())
            on.ca.faults.interruptions = []
            with pytest.raises(AcmeProblem, match="under way") as caught:
                await client.obtain(NAME, solvers=recording_solvers(), key_type=KeyType.RSA_2048)
            assert caught.value.kind is Kind.PASSING
            for key_type in (KeyType.ECDSA_P256, KeyType.RSA_2048):
                issued = await client.obtain(NAME, solvers=recording_solvers(), key_type=key_type)
                assert is_key_of(issued.key_pem, chain_of(issued.chain_pem)[0])
            assert on.ca.record.certificates == on.ca.record.orders == {NAME: 2}

    asyncio.run(scene())
