"""Stores to test: one of each kind, and a disk that is soon full."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from certs.store.filestore import FileStore
from certs.store.memory import MemoryStore
from certs.store.protocol import Store
from tests.support.dying import Nursery
from tests.support.tools import unavailable


@pytest.fixture(params=["files", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store; whatever else the package offers as one belongs into this list."""
    return FileStore(tmp_path / "state" / "certs") if request.param == "files" else MemoryStore()


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "state" / "certs")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 256 KiB, in memory."""
    if os.geteuid() != 0:
        unavailable("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        unavailable("this root cannot mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Processes that may be killed."""
    with Nursery() as parent:
        yield parent
