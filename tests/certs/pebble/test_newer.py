"""What Pebble has learned since Debian's: renewal information, `replaces`, profiles."""

import asyncio

import pytest

from certs.acme.ari import fetch
from certs.acme.problem import AcmeProblem
from tests.support.acme_client import acme_client
from tests.support.certificates import chain_of
from tests.support.challenge_paths import challenge_paths
from tests.support.pebble import Pebble, demand_profiles, demand_renewal_info


def test_renewal_information_and_replaces(pebble: Pebble) -> None:
    demand_renewal_info(pebble)

    async def scene() -> None:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client,
        ):
            first = await client.obtain("ari.example.org", solvers=paths.solvers)
            assert first.cert_id is not None
            info = await fetch(await client.session(), first.cert_id)
            assert info is not None
            assert info.window.start < info.window.end
            for _ in range(2):
                # The second time, it was replaced already.
                await client.obtain(
                    "ari.example.org", solvers=paths.solvers, replaces=first.cert_id
                )

    asyncio.run(scene())


def test_a_profile(pebble: Pebble) -> None:
    demand_profiles(pebble)

    async def scene() -> None:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(
                pebble.directory, ca_bundle=pebble.ca_bundle, profile="shortlived"
            ) as client,
        ):
            issued = await client.obtain("profile.example.org", solvers=paths.solvers)
        leaf = chain_of(issued.chain_pem)[0]
        life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
        assert life.total_seconds() == pytest.approx(518_400, abs=1)
        assert issued.profile == "shortlived"

    asyncio.run(scene())


def test_a_profile_that_is_required_and_not_there(pebble: Pebble) -> None:
    """Debian's Pebble has none at all, newer ones have others."""

    async def scene() -> None:
        async with acme_client(
            pebble.directory,
            ca_bundle=pebble.ca_bundle,
            profile="no-such-profile",
            is_profile_required=True,
        ) as client:
            with pytest.raises(AcmeProblem, match="no-such-profile"):
                await client.obtain("profile.example.org", solvers={})

    asyncio.run(scene())
