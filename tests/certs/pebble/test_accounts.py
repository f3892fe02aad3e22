"""Accounts at a strict Pebble that refuses a third of all nonces."""

import asyncio
from pathlib import Path

import pytest

from certs.acme.problem import AcmeProblem, Kind
from certs.store.memory import MemoryStore
from tests.support.acme_client import acme_client
from tests.support.challtestsrv import ChallTestSrv
from tests.support.pebble import Pebble, PebbleOptions, running_pebble
from tests.support.ports import Ports


def test_an_account_gets_a_new_key_and_is_found_again(pebble: Pebble) -> None:
    async def scene() -> None:
        store = MemoryStore()
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle, store=store) as client:
            session = await client.session()
            before = await session.account()
            await session.roll_over()
            after = await session.account()
        assert (before.status, after.status) == ("valid", "valid")
        assert before.contact == ("mailto:postmaster@example.org",)
        assert (before.url, before.thumbprint != after.thumbprint) == (after.url, True)
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle, store=store) as client:
            again = await (await client.session()).account()
        assert (again.url, again.thumbprint) == (after.url, after.thumbprint)

    asyncio.run(scene())


def test_external_accounts(tmp_path: Path, ports: Ports, dns: ChallTestSrv) -> None:
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    options = PebbleOptions(http_port=1, tls_port=1, eab_keys={"kid-1": key})

    async def account(pebble: Pebble, **eab: str) -> str:
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle, **eab) as client:
            return (await (await client.session()).account()).status

    with running_pebble(tmp_path, ports, dns, options) as pebble:
        assert asyncio.run(account(pebble, eab_kid="kid-1", eab_hmac_key=key)) == "valid"
        for kid, mac in [("kid-1", "b3RoZXItb3RoZXItb3RoZXI"), ("kid-2", key)]:
            with pytest.raises(AcmeProblem) as caught:
                asyncio.run(account(pebble, eab_kid=kid, eab_hmac_key=mac))
            assert caught.value.kind is Kind.CONFIGURATION
        with pytest.raises(AcmeProblem, match="external account"):
            asyncio.run(account(pebble))
