"""Another configuration than the one that a certificate was obtained with."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from certs.events import Due
from tests.support.fakeca import running_fake_ca
from tests.support.manager_world import DAY, HOUR, NAME, World, managed
from tests.support.ports import Ports

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_other_names(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            await on.start()
            old = on.served()
            on.wanted = [managed(NAME, "imap.example.org")]
            async with on.running():
                await on.until(lambda: on.deployer.deployed)
                # What there is is served until there is another one.
                assert on.deployer.deployed[-1][0].certificates
                await on.settle()
            assert on.served() != old
            assert on.current().certificate.names == (NAME, "imap.example.org")
            assert "other names" in on.of(Due)[-1].reason
            await on.start()
            assert on.ordered() == 2

    asyncio.run(scene())


def test_one_from_a_test_system_is_replaced(a_world: Worlds, tmp_path: Path, ports: Ports) -> None:
    async def scene() -> None:
        async with (
            a_world() as on,
            running_fake_ca(tmp_path / "staging", port=ports.take(), now=on.clock.now) as staging,
        ):
            test_system = {"staging_directory": staging.directory}
            on.issuers = (on.issuer(ca=staging, **test_system),)
            await on.start()
            assert on.current().meta.is_staging
            on.issuers = (on.issuer(**test_system),)
            await on.start()
            assert not on.current().meta.is_staging
            assert on.served() == on.current().certificate.leaf_sha256
            assert on.ca.record.orders == staging.record.orders == {NAME: 1}

    asyncio.run(scene())


def test_a_test_system_does_not_replace_a_real_one(
    a_world: Worlds, tmp_path: Path, ports: Ports
) -> None:
    async def scene() -> None:
        async with (
            a_world() as on,
            running_fake_ca(tmp_path / "staging", port=ports.take(), now=on.clock.now) as staging,
        ):
            await on.start()
            real = on.served()
            on.issuers = (on.issuer(ca=staging, staging_directory=staging.directory),)
            async with on.running():
                await on.pass_by(HOUR)
                await on.done(on.operations().renew(NAME, force=True, sink=on.events.append))
                await on.settle()
            assert on.current().meta.is_staging
            assert on.served() == real

    asyncio.run(scene())


def test_an_issuer_that_is_gone(a_world: Worlds, tmp_path: Path, ports: Ports) -> None:
    async def scene() -> None:
        async with (
            a_world() as on,
            running_fake_ca(tmp_path / "other", port=ports.take(), now=on.clock.now) as other,
        ):
            await on.start()
            old, asked = on.served(), len(on.ca.record.requests)
            on.issuers = (on.issuer("other", ca=other),)
            async with on.running():
                await on.pass_by(50 * DAY)
                assert on.served() == old
                await on.pass_by(20 * DAY)
                assert on.served() != old
            assert other.record.orders == {NAME: 1}
            assert other.record.replaced == []
            assert len(on.ca.record.requests) == asked

    asyncio.run(scene())
