"""Another key for the account: no crash and no lost answer leaves it without one."""

import asyncio
from pathlib import Path

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.acme.signing import AccountKey
from tests.support.acme_account import HOME, World, running_world
from tests.support.fakeca import Interruption
from tests.support.ports import Ports


async def is_usable(world: World) -> str:
    """Opens anew; the key's thumbprint."""
    async with world.session() as session:
        assert (await session.account()).status == "valid"
        assert world.stored == ["account.json", "key.pem"]
        return session.thumbprint


def test_the_new_key_holds_at_once_and_after_a_restart(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                url, before = session.account_url, session.thumbprint
                await session.roll_over()
                after = session.thumbprint
                assert after != before
                assert session.account_url == url
                assert session.key_authorization("t") == f"t.{after}"
                assert (await session.account()).thumbprint == after
            assert await is_usable(world) == after
            assert world.changes == ["created", "new key"]
            assert len(world.ca.state.accounts) == 1

    asyncio.run(dialogue())


def test_only_the_answer_is_lost(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                before = session.thumbprint
                world.ca.faults.interruptions = [
                    Interruption(resource="keyChange", when="after", do="drop")
                ]
                await session.roll_over()
                assert session.thumbprint != before
            assert await is_usable(world) != before

    asyncio.run(dialogue())


@pytest.mark.parametrize("when", ["before", "after"])
def test_cut_off_and_settled_at_the_next_start(tmp_path: Path, ports: Ports, when: str) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                before = session.thumbprint
                world.ca.faults.interruptions = [
                    Interruption(resource="keyChange", when=when, do="drop"),  # type: ignore[arg-type]
                    Interruption(resource="newAccount", do="drop", times=None),
                ]
                with pytest.raises(AcmeProblem):
                    await session.roll_over()
            # Nobody knows which one holds: both are there.
            assert world.stored == ["account.json", "key.pem", "next-key.pem"]
            world.ca.faults.interruptions = []
            assert (await is_usable(world) == before) is (when == "before")

    asyncio.run(dialogue())


@pytest.mark.parametrize("status", [403, 503])
def test_refused(tmp_path: Path, ports: Ports, status: int) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world, world.session() as session:
            before = session.thumbprint
            world.ca.faults.interruptions = [
                Interruption(resource="keyChange", status=status, name="odd", detail="not today")
            ]
            with pytest.raises(AcmeProblem, match="not today"):
                await session.roll_over()
            assert session.thumbprint == before
            assert await is_usable(world) == before

    asyncio.run(dialogue())


def test_killed_between_the_two_writes_at_the_end(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                await session.roll_over()
                after = session.thumbprint
            world.store.put(f"{HOME}/next-key.pem", world.store.get(f"{HOME}/key.pem") or b"")
            assert await is_usable(world) == after

    asyncio.run(dialogue())


def test_a_next_key_that_belongs_to_another_account(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                before = session.thumbprint
            stranger = AccountKey.create()
            world.store.put(f"{HOME}/next-key.pem", stranger.to_pem())
            assert await is_usable(world) == before

    asyncio.run(dialogue())


def test_several_times(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.ca.faults.nonce_rejection = 0.5
            seen = set()
            async with world.session() as session:
                for _ in range(5):
                    await session.roll_over()
                    seen.add(session.thumbprint)
            assert len(seen) == 5
            assert await is_usable(world) in seen

    asyncio.run(dialogue())


def test_a_ca_that_cannot(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world, world.session() as session:
            directory = await session.transport.directory()
            object.__setattr__(directory, "key_change", None)
            with pytest.raises(AcmeProblem, match="keyChange") as caught:
                await session.roll_over()
            assert caught.value.kind is Kind.CONFIGURATION
            assert world.stored == ["account.json", "key.pem"]

    asyncio.run(dialogue())
