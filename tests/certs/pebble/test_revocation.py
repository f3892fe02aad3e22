"""Revocation: by the account, by the certificate's own key, and what the CA says of it then."""

import asyncio

import pytest

from certs.acme.problem import AcmeProblem
from certs.acme.revoking import revoke
from tests.support.acme_client import acme_client
from tests.support.certificates import chain_of
from tests.support.challenge_paths import challenge_paths
from tests.support.pebble import Pebble


@pytest.mark.parametrize("reason", ["unspecified", "keyCompromise", "cessationOfOperation"])
def test_by_the_account(pebble: Pebble, reason: str) -> None:
    async def scene() -> None:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client,
        ):
            issued = await client.obtain("revoked.example.org", solvers=paths.solvers)
            serial_number = chain_of(issued.chain_pem)[0].serial_number
            assert pebble.status_of(serial_number) == "Valid"
            session = await client.session()
            await revoke(session, issued.chain_pem, reason=reason)
            assert pebble.status_of(serial_number) == "Revoked"
            # Once more is no error: the second attempt after a lost answer.
            await revoke(session, issued.chain_pem, reason=reason)

    asyncio.run(scene())


def test_by_the_certificates_key_when_the_account_is_lost(pebble: Pebble) -> None:
    async def scene() -> None:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client,
        ):
            issued = await client.obtain("lost.example.org", solvers=paths.solvers)
        serial_number = chain_of(issued.chain_pem)[0].serial_number
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as stranger:
            session = await stranger.session()
            with pytest.raises(AcmeProblem):
                await revoke(session, issued.chain_pem, reason="superseded")
            assert pebble.status_of(serial_number) == "Valid"
            await revoke(session, issued.chain_pem, reason="keyCompromise", key_pem=issued.key_pem)
        assert pebble.status_of(serial_number) == "Revoked"

    asyncio.run(scene())
