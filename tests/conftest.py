"""What every kind of test may ask for: ports, certificates, a place for servers' files."""

import os
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
def server_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the real servers keep their files."""
    return tmp_path_factory.mktemp("servers")
