"""A dry run: the whole way at the CA's test system, and nothing of it stays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from certs.acme.problem import AcmeProblem
from certs.events import Event, Obtained
from certs.spec import ChallengeType
from tests.support.fakeca import FakeCa, running_fake_ca
from tests.support.manager_world import NAME, World
from tests.support.ports import Ports

Worlds = Callable[..., AbstractAsyncContextManager[World]]
EAB = {"kid-1": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}


@pytest.fixture
def a_stage(
    a_world: Worlds, tmp_path: Path, ports: Ports
) -> Callable[..., AbstractAsyncContextManager[tuple[World, FakeCa]]]:
    """A running manager whose CA has a test system."""

    @asynccontextmanager
    async def opened(**issuer: str) -> AsyncIterator[tuple[World, FakeCa]]:
        async with (
            a_world() as on,
            running_fake_ca(tmp_path / "staging", port=ports.take(), now=on.clock.now) as staging,
        ):
            # Both have the same certificate authority in life; here each has its own.
            bundle = tmp_path / "both.pem"
            bundle.write_bytes(on.ca.ca_bundle.read_bytes() + staging.ca_bundle.read_bytes())
            on.issuers = (
                on.issuer(ca_bundle=bundle, staging_directory=staging.directory, **issuer),
            )
            yield on, staging

    return opened


def test_nothing_is_stored_or_served(a_stage: Callable[..., object]) -> None:
    async def scene() -> None:
        async with a_stage() as (on, staging), on.running():  # type: ignore[attr-defined]
            await on.settle()
            before = {key: on.store.get(key) for key in on.store.list("")}
            served, told, heard = on.served(), len(on.events), list[Event]()
            report = await on.done(on.operations().dry_run(NAME, sink=heard.append))
            assert report.directory == staging.directory
            assert staging.record.certificates == on.ca.record.certificates == {NAME: 1}
            await on.settle()
            assert {key: on.store.get(key) for key in on.store.list("")} == before
            assert on.served() == served
            assert any(isinstance(one, Obtained) for one in heard)
            assert len(on.events) == told

    asyncio.run(scene())


def test_what_fails_is_told_and_blames_no_issuer(a_stage: Callable[..., object]) -> None:
    async def scene() -> None:
        async with a_stage() as (on, staging), on.running():  # type: ignore[attr-defined]
            await on.settle()
            staging.faults.validation = "always_invalid"
            with pytest.raises(AcmeProblem):
                await on.done(on.operations().dry_run(NAME, sink=on.events.append))
            (status,) = on.operations().list()
            assert (status.failures, status.last_error) == (0, None)
            assert all(solver.up == [] for solver in on.solvers.values())

    asyncio.run(scene())


def test_an_external_account_is_used_where_one_is_asked_for(a_stage: Callable[..., object]) -> None:
    async def scene() -> None:
        binding = {"eab_kid": "kid-1", "eab_hmac_key": EAB["kid-1"]}
        for at_staging in ({}, EAB):
            async with a_stage(**binding) as (on, staging), on.running():  # type: ignore[attr-defined]
                on.ca.faults.eab_keys = EAB
                staging.faults.eab_keys = at_staging
                await on.settle()
                await on.done(on.operations().dry_run(NAME, sink=on.events.append))
                assert staging.record.certificates == {NAME: 1}

    asyncio.run(scene())


def test_without_a_test_system(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            with pytest.raises(AcmeProblem, match="staging_directory"):
                await on.operations().dry_run(NAME, sink=on.events.append)
            assert ChallengeType.HTTP_01 in on.solvers

    asyncio.run(scene())
