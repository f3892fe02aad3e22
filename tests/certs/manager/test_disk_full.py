"""A disk without room: nothing is ordered that could not be stored, and nothing is lost."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from certs.events import Failed, Obtained, StoreTrouble
from certs.store.filestore import FileStore
from certs.store.memory import MemoryStore
from certs.store.protocol import StoreError
from tests.support.manager_world import DAY, HOUR, NAME, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 512 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room at all."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(b"x" * size)
            except OSError:
                size //= 2
    return ballast


def test_full_before_the_order(a_world: Worlds, small_disk: Path) -> None:
    async def scene() -> None:
        async with a_world(store=FileStore(small_disk / "certs")) as on, on.running():
            await on.pass_by(60 * DAY)
            old, ballast = on.served(), fill(small_disk)
            on.events.clear()
            await on.pass_by(5 * DAY)
            assert on.ordered() == 1
            assert on.served() == old
            assert on.of(StoreTrouble)
            # No CA is to blame, so none is left alone for it.
            assert on.of(Failed) == []
            ballast.unlink()
            await on.until(lambda: on.ordered() == 2, within=HOUR)
            await on.settle()
            assert old != on.served() == on.current().certificate.leaf_sha256

    asyncio.run(scene())


class PickyStore(MemoryStore):
    """A disk that is full for one part of a version; the probe does not see it."""

    full_for: str | None = None

    def put(self, key: str, value: bytes) -> None:
        if key.startswith("certificates/") and key.endswith(f"/{self.full_for}"):
            raise StoreError("no space left", place=key, remedy="Free some.")
        super().put(key, value)


@pytest.mark.parametrize("part", ["key.pem", "chain.pem", "meta.json", "current"])
def test_full_when_the_certificate_is_to_be_stored(a_world: Worlds, part: str) -> None:
    async def scene() -> None:
        store = PickyStore()
        async with a_world(store=store) as on, on.running():
            await on.settle()
            old = on.current().id
            store.full_for = part
            on.events.clear()
            await on.until(lambda: on.of(StoreTrouble), within=70 * DAY)
            await on.pass_by(HOUR)
            assert on.ordered() == 2
            assert on.current().id == old
            asked = len(on.ca.record.requests)
            await on.pass_by(HOUR)
            # The order is taken up again, not placed again, and not by the minute.
            assert on.ordered() == 2
            assert len(on.ca.record.requests) - asked < 30
            store.full_for = None
            await on.until(lambda: on.of(Obtained), within=HOUR)
            await on.settle()
            assert on.ca.record.certificates == on.ca.record.orders == {NAME: 2}
            assert on.current().id != old
            assert on.served() == on.current().certificate.leaf_sha256

    asyncio.run(scene())
