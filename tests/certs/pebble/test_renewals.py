"""Certificates that live for a minute, one after another."""

import asyncio
from pathlib import Path

import pytest

from certs.spec import KeyType
from certs.store.memory import MemoryStore
from tests.support.acme_client import acme_client
from tests.support.certificates import chain_of, is_key_of
from tests.support.challenge_paths import challenge_paths
from tests.support.challtestsrv import ChallTestSrv
from tests.support.pebble import Pebble, PebbleOptions, running_pebble
from tests.support.ports import Ports


@pytest.mark.parametrize("is_reused", [False, True])
def test_a_short_life_several_times(
    tmp_path: Path, ports: Ports, dns: ChallTestSrv, is_reused: bool
) -> None:
    options = PebbleOptions(http_port=ports.take(), tls_port=ports.take(), validity_s=60)
    store = MemoryStore()

    async def renewed(pebble: Pebble, key_pem: bytes | None) -> tuple[bytes, bytes]:
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle, store=store) as client,
        ):
            issued = await client.obtain(
                "short.example.org", solvers=paths.solvers, key_pem=key_pem
            )
            return issued.key_pem, issued.chain_pem

    with running_pebble(tmp_path, ports, dns, options) as pebble:
        keys, serials, key = set(), set(), None
        for _ in range(3):
            key_pem, chain_pem = asyncio.run(renewed(pebble, key if is_reused else None))
            leaf = chain_of(chain_pem)[0]
            assert is_key_of(key_pem, leaf)
            life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
            assert life.total_seconds() == pytest.approx(60, abs=1)
            keys.add(key_pem)
            serials.add(leaf.serial_number)
            key = key_pem
    assert len(serials) == 3
    assert len(keys) == (1 if is_reused else 3)
    assert len([name for name in store.list("accounts") if name.endswith("account.json")]) == 1


# Not the longest: to make one takes seconds, and nothing else is different about it.
@pytest.mark.parametrize("key_type", [one for one in KeyType if one is not KeyType.RSA_4096])
def test_every_type_of_key(pebble: Pebble, key_type: KeyType) -> None:
    async def scene() -> None:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client,
        ):
            issued = await client.obtain(
                "key.example.org", solvers=paths.solvers, key_type=key_type
            )
        assert is_key_of(issued.key_pem, chain_of(issued.chain_pem)[0])

    asyncio.run(scene())
