"""Certificates from elsewhere, and those that are taken elsewhere."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from certs.acme.keys import generate
from certs.acme.problem import AcmeProblem
from certs.errors import CertError
from certs.manager.attempt import NotServedError
from certs.manager.operations import UnknownCertificate
from certs.pem import parse_pair
from certs.selfsigned import self_signed
from certs.spec import KeyType
from certs.store.versions import Versions
from tests.support.manager_world import DAY, NAME, World, lineage, managed, world
from tests.support.ports import Ports

Worlds = Callable[..., AbstractAsyncContextManager[World]]


async def from_elsewhere(directory: Path, ports: Ports, **options: object) -> tuple[bytes, bytes]:
    """Key and chain that another edge has obtained."""
    async with world(directory / "elsewhere", ports, **options) as other:
        await other.start()
        async with other.running():
            exported = other.operations().export_certificate(NAME, None)
        assert b"PRIVATE" not in repr(exported).encode()
        return exported.key_pem, exported.chain_pem


def test_one_from_elsewhere_is_served_and_renewed_in_its_time(
    a_world: Worlds, tmp_path: Path, ports: Ports
) -> None:
    async def scene() -> None:
        key_pem, chain_pem = await from_elsewhere(tmp_path, ports)
        leaf = parse_pair(chain_pem, key_pem).leaf_sha256
        async with a_world() as on, on.running():
            await on.settle()
            work = on.operations().import_certificate(NAME, key_pem=key_pem, chain_pem=chain_pem)
            status = await on.done(work)
            assert (status.source, status.leaf_sha256) == ("import", leaf)
            await on.settle()
            assert on.served() == leaf
            await on.pass_by(50 * DAY)
            assert on.served() == leaf
            with pytest.raises(AcmeProblem, match="was imported"):
                await on.operations().revoke(NAME, reason="superseded")
            await on.pass_by(20 * DAY)
            assert on.served() == on.current().certificate.leaf_sha256 != leaf
            assert on.current().meta.origin == "acme"
            assert on.ca.record.replaced == []

    asyncio.run(scene())


def test_one_that_is_not_served_is_taken_back(
    a_world: Worlds, tmp_path: Path, ports: Ports
) -> None:
    async def scene() -> None:
        key_pem, chain_pem = await from_elsewhere(tmp_path, ports)
        async with a_world() as on, on.running():
            await on.settle()
            old = on.current().id
            on.deployer.is_stuck = True
            with pytest.raises(NotServedError):
                await on.done(
                    on.operations().import_certificate(NAME, key_pem=key_pem, chain_pem=chain_pem)
                )
            assert on.current().id == old

    asyncio.run(scene())


def test_what_is_unfit_is_refused_in_words(a_world: Worlds, tmp_path: Path, ports: Ports) -> None:
    async def scene() -> None:
        key_pem, chain_pem = await from_elsewhere(tmp_path, ports)
        async with a_world() as on, on.running():
            await on.settle()
            own = self_signed([NAME], now=on.clock.now(), valid_for=timedelta(days=9)).certificates[
                0
            ]
            unfit = {
                "signed by itself": (own.key_pem, own.chain_pem),
                "PEM": (b"nothing", b"nothing"),
                "": (generate(KeyType.ECDSA_P256), chain_pem),
            }
            for words, (key, chain) in unfit.items():
                with pytest.raises(CertError) as caught:
                    await on.operations().import_certificate(NAME, key_pem=key, chain_pem=chain)
                said = " ".join(one.message + one.remedy for one in caught.value.problems)
                assert words in said
                assert "PRIVATE" not in said
            on.clock.pass_by((91 * DAY).total_seconds())
            with pytest.raises(CertError, match="expired"):
                await on.operations().import_certificate(NAME, key_pem=key_pem, chain_pem=chain_pem)
        on_wanted = [managed(key_types=(KeyType.RSA_2048,))]
        async with a_world(wanted=on_wanted) as on, on.running():
            await on.settle()
            with pytest.raises(CertError, match="not rsa-2048"):
                await on.operations().import_certificate(NAME, key_pem=key_pem, chain_pem=chain_pem)
        async with a_world(wanted=[managed(NAME, "b.example.org")]) as on, on.running():
            await on.settle()
            with pytest.raises(CertError, match=r"not for .*b\.example\.org"):
                await on.operations().import_certificate(NAME, key_pem=key_pem, chain_pem=chain_pem)

    asyncio.run(scene())


def test_export_by_kind_of_key(a_world: Worlds) -> None:
    async def scene() -> None:
        both = (KeyType.ECDSA_P256, KeyType.RSA_2048)
        wanted = [managed(NAME, "imap.example.org", key_types=both)]
        async with a_world(wanted=wanted) as on, on.running():
            on.ca.faults.refused_names = [NAME]
            await on.settle()
            with pytest.raises(UnknownCertificate, match="nothing was obtained"):
                on.operations().export_certificate(NAME, None)
            on.ca.faults.refused_names = []
            await on.pass_by(DAY)
            for key_type in both:
                exported = on.operations().export_certificate("imap.example.org", key_type)
                current = on.current(lineage(key_type=key_type)).certificate
                assert exported.key_pem == current.key_pem
                assert exported.chain_pem == current.chain_pem

    asyncio.run(scene())


def test_an_old_one_is_kept(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            ids = [on.current().id]
            for _ in range(5):
                await on.pass_by(70 * DAY)
                ids.append(on.current().id)
            kept = [one.id for one in Versions(on.store).list(lineage())]
            assert kept == ids[:-4:-1]

    asyncio.run(scene())
