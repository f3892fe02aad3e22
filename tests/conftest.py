"""What every kind of test may ask for: ports, certificates, a place for servers' files."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pki import Pki
from tests.support.ports import Ports


@pytest.fixture(scope="session")
def ports() -> Ports:
    """Free ports below the ephemeral range, disjoint between xdist workers."""
    return Ports(os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates that every server and client of this run uses."""
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """Where real servers keep their files: other users must get there, as to no `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="stalwart-edge-") as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path
