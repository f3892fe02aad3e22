"""The account: created once, found for ever after, and registered again when the CA forgets it."""

import asyncio
import json
from pathlib import Path

import pytest

from certs.acme.payloads import POST_AS_GET, identifier_of, new_order
from certs.acme.problem import AcmeProblem, Kind
from certs.clock import SystemClock
from tests.support.acme_account import HOME, World, running_world
from tests.support.fakeca import Interruption
from tests.support.ports import Ports

ORDER = new_order([identifier_of("a.example")])


def test_created_once_and_found_without_asking(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                url, thumbprint = session.account_url, session.thumbprint
                assert session.key_authorization("token") == f"token.{thumbprint}"
            async with world.session() as session:
                assert (session.account_url, session.thumbprint) == (url, thumbprint)
                assert (await session.post(session.directory.new_order, ORDER)).status == 201
            assert world.ca.record.count("newAccount") == 1
            assert world.changes == ["created"]
            assert world.stored == ["account.json", "key.pem"]
            assert world.ca.record.user_agents == ["stalwart-edge/test"]

    asyncio.run(dialogue())


def test_several_at_once_create_one(tmp_path: Path, ports: Ports) -> None:
    async def opened(world: World) -> str:
        async with world.session() as session:
            return session.account_url

    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.clock = SystemClock()  # one works while the others wait
            urls = await asyncio.gather(*[opened(world) for _ in range(4)])
            assert len(set(urls)) == len(world.ca.state.accounts) == 1

    asyncio.run(dialogue())


def test_the_key_is_stored_before_the_ca_hears_of_it(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.ca.faults.interruptions = [
                Interruption(resource="newAccount", when="after", do="drop", times=3)
            ]
            with pytest.raises(AcmeProblem) as caught:
                async with world.session():
                    raise AssertionError("opened")
            assert caught.value.type == "transport"
            assert world.stored == ["key.pem"]
            async with world.session() as session:
                account = await session.account()
            assert world.changes == ["found"]
            assert len(world.ca.state.accounts) == 1
            assert account.status == "valid"

    asyncio.run(dialogue())


def test_an_account_that_the_ca_forgot(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                before, thumbprint = session.account_url, session.thumbprint
                world.ca.state.accounts.clear()
                orders = [session.post(session.directory.new_order, ORDER) for _ in range(5)]
                replies = await asyncio.gather(*orders)
                assert {reply.status for reply in replies} == {201}
                assert session.account_url != before
                assert session.thumbprint == thumbprint
                after = session.account_url
            assert world.changes == ["created", "registered again"]
            async with world.session() as session:
                assert session.account_url == after

    asyncio.run(dialogue())


def test_an_account_that_is_forgotten_again_and_again_is_a_problem(
    tmp_path: Path, ports: Ports
) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world, world.session() as session:
            world.ca.faults.interruptions = [
                Interruption(
                    resource="newOrder", status=400, name="accountDoesNotExist", times=None
                )
            ]
            with pytest.raises(AcmeProblem) as caught:
                await session.post(session.directory.new_order, ORDER)
            assert caught.value.name == "accountDoesNotExist"
            assert world.ca.record.count("newOrder") == 2

    asyncio.run(dialogue())


def test_two_processes_register_a_forgotten_account_once(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with (
            running_world(tmp_path, ports.take()) as world,
            world.session() as one,
            world.session() as other,
        ):
            world.ca.state.accounts.clear()
            await one.post(one.directory.new_order, ORDER)
            await other.post(other.directory.new_order, ORDER)
            assert one.account_url == other.account_url
            assert world.changes == ["created", "registered again"]

    asyncio.run(dialogue())


def test_a_deactivated_account_is_for_a_person(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                await session.post(session.account_url, b'{"status": "deactivated"}')
            world.store.delete(f"{HOME}/account.json")
            with pytest.raises(AcmeProblem, match="deactivated") as caught:
                async with world.session():
                    raise AssertionError("opened")
            assert caught.value.kind is Kind.CONFIGURATION

    asyncio.run(dialogue())


def test_as_the_ca_has_it(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world, world.session() as session:
            account = await session.account()
            assert account.url == session.account_url
            assert account.status == "valid"
            assert account.contact == ("mailto:postmaster@example.org",)
            assert account.terms_url == world.ca.faults.terms
            assert account.created_at == world.clock.now()
            assert (account.issuer, account.directory) == ("fake", world.ca.directory)
            reply = await session.post(session.account_url, POST_AS_GET)
            assert reply.json()["status"] == "valid"

    asyncio.run(dialogue())


@pytest.mark.parametrize("content", [b"", b"{}", b'{"url": 1}', b"\xff"])
def test_an_account_file_that_says_nothing(tmp_path: Path, ports: Ports, content: bytes) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                url = session.account_url
            world.store.put(f"{HOME}/account.json", content)
            async with world.session() as session:
                assert session.account_url == url
            assert json.loads(world.store.get(f"{HOME}/account.json") or b"")["url"] == url

    asyncio.run(dialogue())


def test_a_key_that_cannot_be_read_is_left_alone(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session():
                pass
            world.store.put(f"{HOME}/key.pem", b"-----BEGIN half a key")
            with pytest.raises(AcmeProblem, match=r"accounts/fake/key\.pem") as caught:
                async with world.session():
                    raise AssertionError("opened")
            assert caught.value.kind is Kind.CONFIGURATION
            assert "half" not in caught.value.detail
            assert world.store.get(f"{HOME}/key.pem") == b"-----BEGIN half a key"

    asyncio.run(dialogue())


def test_a_lost_key_means_another_account(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session() as session:
                before = session.account_url
            world.store.delete(f"{HOME}/key.pem")
            async with world.session() as session:
                assert session.account_url != before
                assert (await session.account()).status == "valid"

    asyncio.run(dialogue())


def test_somebody_who_never_lets_go_of_the_account(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            lock = world.store.lock("account-fake")
            assert lock is not None
            with lock, pytest.raises(AcmeProblem, match="busy") as caught:
                async with world.session():
                    raise AssertionError("opened")
            assert caught.value.kind is Kind.PASSING

    asyncio.run(dialogue())


def test_a_storm_of_refused_nonces(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.ca.faults.nonce_rejection = 0.9
            async with world.session() as session:
                for _ in range(10):
                    await session.post_as_get(session.account_url)
            assert world.ca.record.nonces_rejected > 30
            assert world.ca.record.count("newNonce") <= 3

    asyncio.run(dialogue())
