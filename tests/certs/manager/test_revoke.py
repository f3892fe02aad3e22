"""Revoked by a person: replaced at once, and never served again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from certs.acme.problem import AcmeProblem
from certs.events import Revoked
from certs.manager.operations import UnknownCertificate
from certs.store.versions import Versions
from tests.support.fakeca import Interruption
from tests.support.manager_world import DAY, HOUR, NAME, World, lineage, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_it_is_replaced_at_once(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.pass_by(DAY)
            for _ in range(3):
                old = on.current()
                detail = await on.done(on.operations().revoke(NAME, reason="superseded"))
                assert detail.certificate == NAME
                await on.settle()
                assert on.served() == on.current().certificate.leaf_sha256
                assert on.current().id != old.id
                assert Versions(on.store).get(lineage(), old.id) is None
            # However often: it is a person who wants it.
            assert on.ordered() == 4
            assert not any(on.deployer.forgot_sessions)
            assert [one.revocation_reason for one in on.ca.state.certificates.values()] == [
                4,
                4,
                4,
                None,
            ]
            assert {one.reason for one in on.of(Revoked)} == {"superseded"}

    asyncio.run(scene())


@pytest.mark.parametrize("is_reused", [True, False])
def test_a_key_that_was_compromised(a_world: Worlds, is_reused: bool) -> None:
    async def scene() -> None:
        async with a_world(wanted=[managed(reuse_key=is_reused)]) as on, on.running():
            await on.pass_by(DAY)
            old = on.current()
            beside = Versions(on.store).next_key(lineage())
            await on.done(on.operations().revoke(NAME, reason="keyCompromise"))
            await on.settle()
            new = on.current()
            assert new.certificate.key_pem not in {old.certificate.key_pem, beside}
            assert on.deployer.forgot_sessions[-1]
            assert on.served() == new.certificate.leaf_sha256
            kept = {one.certificate.key_pem for one in Versions(on.store).list(lineage())}
            assert old.certificate.key_pem not in kept
            orders = on.ordered()
            await on.pass_by(70 * DAY)
            assert on.ordered() == orders + 1
            # From here on the new key is kept.
            assert (on.current().certificate.key_pem == new.certificate.key_pem) is is_reused
            assert on.deployer.forgot_sessions.count(True) == 1

    asyncio.run(scene())


def test_it_is_not_returned_to_when_the_new_one_is_not_served(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            old = on.current()
            on.deployer.is_deaf = True
            await on.done(on.operations().revoke(NAME, reason="keyCompromise"))
            await on.pass_by(HOUR)
            assert on.current().id != old.id
            on.deployer.is_deaf = False
            await on.until(lambda: on.served() != old.certificate.leaf_sha256, within=HOUR)
            await on.settle()
            assert on.deployer.forgot_sessions[-1]
            assert on.ordered() == 2

    asyncio.run(scene())


def test_while_the_ca_is_away_it_is_served_on_and_then_replaced(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.settle()
            old = on.served()
            on.ca.faults.interruptions = [Interruption(resource="newOrder", times=None)]
            await on.done(on.operations().revoke(NAME, reason="unspecified"))
            await on.pass_by(DAY)
            assert on.served() == old
            on.ca.faults.interruptions = []
            await on.until(lambda: on.served() != old, within=3 * HOUR)
            assert on.ordered() == 2

    asyncio.run(scene())


def test_what_cannot_be_revoked_is_explained(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            await on.start()
            on.issuers = (on.issuer("another", directory="https://127.0.0.1:1/dir"),)
            async with on.running():
                await on.settle()
                with pytest.raises(AcmeProblem, match="does not name now"):
                    await on.operations().revoke(NAME, reason="superseded")
                with pytest.raises(UnknownCertificate):
                    await on.operations().revoke("other.example.org", reason="superseded")

    asyncio.run(scene())
