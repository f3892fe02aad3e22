"""Pebbles: one for most tests, since each takes seconds to make its keys."""

from collections.abc import Iterator

import pytest

from tests.support.challtestsrv import ChallTestSrv, running_challtestsrv
from tests.support.pebble import Pebble, PebbleOptions, running_pebble
from tests.support.ports import Ports


@pytest.fixture(scope="session")
def dns(ports: Ports) -> Iterator[ChallTestSrv]:
    """Every name is 127.0.0.1."""
    with running_challtestsrv(ports) as server:
        yield server


@pytest.fixture(scope="session")
def pebble(
    tmp_path_factory: pytest.TempPathFactory, ports: Ports, dns: ChallTestSrv
) -> Iterator[Pebble]:
    """Strict; a third of all nonces refused, no authorization reused, two more roots, six days."""
    options = PebbleOptions(
        http_port=ports.take(),
        tls_port=ports.take(),
        alternate_roots=2,
        chain_length=2,
        validity_s=518_400,
        blocked=("blocked.example.org",),
    )
    with running_pebble(tmp_path_factory.mktemp("pebble"), ports, dns, options) as running:
        yield running
