"""What Pebble refuses, in words."""

import asyncio

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.spec import ChallengeType
from tests.support.acme_client import acme_client
from tests.support.pebble import Pebble
from tests.support.recording_solver import recording_solvers


def test_a_blocked_name_is_a_matter_of_this_order(pebble: Pebble) -> None:
    async def scene() -> None:
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client:
            with pytest.raises(AcmeProblem, match=r"blocked\.example\.org") as caught:
                await client.obtain("blocked.example.org", solvers=recording_solvers())
        assert caught.value.name == "rejectedIdentifier"
        assert caught.value.kind is Kind.ORDER

    asyncio.run(scene())


def test_a_challenge_that_nobody_answers(pebble: Pebble) -> None:
    async def scene() -> None:
        solvers = recording_solvers()
        http = {ChallengeType.HTTP_01: solvers[ChallengeType.HTTP_01]}
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client:
            with pytest.raises(AcmeProblem, match=r"silent\.example\.org|refused") as caught:
                await client.obtain("silent.example.org", solvers=http)
        assert caught.value.kind is Kind.ORDER
        assert http[ChallengeType.HTTP_01].up == []

    asyncio.run(scene())
