"""One pair of real name servers for all tests of dns-01: started when the first one asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certs.challenges.dns.resolving import Resolving
from certs.challenges.dns.rfc2136 import Rfc2136Provider, TsigKey
from tests.support.knot import KEY_ALGORITHM, KEY_NAME, Knots, running_knots
from tests.support.ports import Ports


@pytest.fixture(scope="session")
def knots(server_directory: Path, ports: Ports) -> Iterator[Knots]:
    """Primary and secondary for `example.test` and `validation.test`."""
    with running_knots(server_directory / "knot", ports) as running:
        yield running


@pytest.fixture
def resolving(knots: Knots) -> Resolving:
    """The primary answers for the whole of this small world."""
    return Resolving(resolvers=[knots.primary.address], port=knots.port, query_deadline_s=5)


@pytest.fixture
def provider(knots: Knots) -> Rfc2136Provider:
    """Updates the primary, with the right key."""
    key = TsigKey(name=KEY_NAME, algorithm=KEY_ALGORITHM, secret=knots.secret)
    return Rfc2136Provider(server=knots.primary.address, port=knots.port, key=key)
