"""Terms, external accounts, contacts and directories: what the operator decides, and changes."""

import asyncio
from pathlib import Path

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.store.memory import MemoryStore
from certs.store.protocol import StoreError
from tests.support.acme_account import HOME, World, running_world
from tests.support.fakeca import running_fake_ca
from tests.support.ports import Ports

HMAC_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


async def refused(world: World) -> AcmeProblem:
    """The problem that opening ends in."""
    with pytest.raises(AcmeProblem) as caught:
        async with world.session():
            raise AssertionError("opened")
    return caught.value


def test_terms_that_nobody_agreed_to(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.with_settings(agree_to_terms=False)
            problem = await refused(world)
            assert problem.kind is Kind.CONFIGURATION
            assert world.ca.faults.terms in problem.detail
            assert world.ca.record.count("newAccount") == 0

    asyncio.run(dialogue())


def test_new_terms_are_told_once(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session():
                pass
            world.ca.faults.terms = "https://ca.invalid/terms/2"
            for _ in range(2):
                async with world.session():
                    pass
            assert world.changes == ["created", "terms are now at https://ca.invalid/terms/2"]

    asyncio.run(dialogue())


def test_an_external_account(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.ca.faults.eab_keys = {"kid-1": HMAC_KEY}
            problem = await refused(world)
            assert (problem.name, problem.kind) == ("externalAccountRequired", Kind.CONFIGURATION)
            assert world.ca.record.count("newAccount") == 0

            world.with_issuer(eab_kid="kid-1", eab_hmac_key="not base64url!")
            problem = await refused(world)
            assert (problem.type, problem.kind) == ("eab", Kind.CONFIGURATION)
            assert "not base64url!" not in f"{problem} {world.issuer}"

            world.with_issuer(eab_kid="kid-2", eab_hmac_key=HMAC_KEY)
            problem = await refused(world)
            # `unauthorized`, which in an order would be about a name.
            assert (problem.name, problem.kind) == ("unauthorized", Kind.CONFIGURATION)

            world.with_issuer(eab_kid="kid-1")
            async with world.session() as session:
                assert (await session.account()).status == "valid"

    asyncio.run(dialogue())


@pytest.mark.parametrize(
    ("email", "contact"),
    [("other@example.org", ("mailto:other@example.org",)), (None, ())],
)
def test_another_contact(
    tmp_path: Path, ports: Ports, email: str | None, contact: tuple[str, ...]
) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session():
                pass
            world.with_settings(email=email)
            for _ in range(2):
                async with world.session() as session:
                    assert (await session.account()).contact == contact
            assert world.changes == ["created", "contact changed"]

    asyncio.run(dialogue())


def test_a_contact_that_the_ca_does_not_like_stops_nothing(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session():
                pass
            world.with_settings(email="what?@example.org")
            async with world.session() as session:
                assert (await session.account()).contact == ("mailto:postmaster@example.org",)
            assert world.changes == ["created", "contact not changed: no mail address"]

    asyncio.run(dialogue())


def test_no_contact_at_all(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            world.with_settings(email=None)
            async with world.session() as session:
                assert (await session.account()).contact == ()

    asyncio.run(dialogue())


def test_a_contact_changed_at_a_ca_that_forgot_the_account(tmp_path: Path, ports: Ports) -> None:
    async def dialogue() -> None:
        async with running_world(tmp_path, ports.take()) as world:
            async with world.session():
                pass
            world.ca.state.accounts.clear()
            world.with_settings(email="other@example.org")
            async with world.session() as session:
                assert (await session.account()).contact == ("mailto:other@example.org",)
            assert world.changes == ["created", "registered again"]

    asyncio.run(dialogue())


def test_another_directory_is_another_account_and_the_first_one_is_kept(
    tmp_path: Path, ports: Ports
) -> None:
    async def dialogue() -> None:
        async with (
            running_world(tmp_path / "one", ports.take()) as world,
            running_fake_ca(tmp_path / "other", port=ports.take()) as other,
        ):
            first = world.issuer
            async with world.session() as session:
                url, thumbprint = session.account_url, session.thumbprint
            world.with_issuer(directory=other.directory, ca_bundle=other.ca_bundle)
            async with world.session() as session:
                assert session.thumbprint != thumbprint
                assert (await session.account()).directory == other.directory
            world.issuer = first
            async with world.session() as session:
                assert (session.account_url, session.thumbprint) == (url, thumbprint)
            assert world.changes == ["created", "created"]
            assert other.record.violations == []

    asyncio.run(dialogue())


class MortalStore(MemoryStore):
    """Dies at one write or delete, before it, and lives again when `left` is None."""

    left: int | None = None

    def put(self, key: str, value: bytes) -> None:
        self._live()
        super().put(key, value)

    def delete(self, key: str) -> None:
        self._live()
        super().delete(key)

    def _live(self) -> None:
        if self.left == 0:
            raise StoreError("dead", place="here", remedy="none")
        if self.left is not None:
            self.left -= 1


@pytest.mark.parametrize("writes", range(12))
def test_no_key_is_lost_when_it_is_cut_off(tmp_path: Path, ports: Ports, writes: int) -> None:
    async def dialogue() -> None:
        async with (
            running_world(tmp_path / "one", ports.take()) as world,
            running_fake_ca(tmp_path / "other", port=ports.take()) as other,
        ):
            world.store = store = MortalStore()
            first = world.issuer
            async with world.session() as session:
                url, thumbprint = session.account_url, session.thumbprint
            world.with_issuer(directory=other.directory, ca_bundle=other.ca_bundle)
            store.left = writes
            try:
                async with world.session():
                    pass
            except StoreError:
                store.left = None
                async with world.session():
                    pass
            store.left = None
            world.issuer = first
            async with world.session() as session:
                assert (session.account_url, session.thumbprint) == (url, thumbprint)
                assert (await session.account()).status == "valid"
            assert other.record.violations == []
            assert world.store.get(f"{HOME}/next-key.pem") is None

    asyncio.run(dialogue())
