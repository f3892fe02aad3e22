"""All challenge types, for names, wildcards and addresses, validated by Pebble."""

import asyncio

import pytest

from certs.challenges.dns.resolving import Resolving
from certs.challenges.dns01 import Dns01Solver
from certs.spec import ChallengeType
from tests.support.acme_client import acme_client
from tests.support.certificates import chain_of, is_key_of, names_of
from tests.support.challenge_paths import challenge_paths
from tests.support.challtestsrv import ADDRESS, ChallTestSrvProvider
from tests.support.pebble import Pebble

TLS_ALPN, HTTP, DNS = ChallengeType.TLS_ALPN_01, ChallengeType.HTTP_01, ChallengeType.DNS_01


@pytest.mark.parametrize("kind", [TLS_ALPN, HTTP])
@pytest.mark.parametrize(
    "names",
    [("mail.example.org", "imap.example.org"), ("127.0.0.1",), ("both.example.org", "127.0.0.1")],
)
def test_the_edges_own_answers(pebble: Pebble, kind: ChallengeType, names: tuple[str, ...]) -> None:
    async def scene() -> None:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client,
        ):
            issued = await client.obtain(*names, solvers={kind: paths.solvers[kind]})
            # Nothing is left behind.
            assert paths.listener.contexts == {}
        leaf = chain_of(issued.chain_pem)[0]
        assert names_of(leaf) == set(names)
        assert is_key_of(issued.key_pem, leaf)
        if kind is TLS_ALPN and "127.0.0.1" in names:
            assert "1.0.0.127.in-addr.arpa" in paths.listener.served

    asyncio.run(scene())


@pytest.mark.parametrize(
    "names", [("txt.example.org",), ("wild.example.org", "*.wild.example.org", "*.example.net")]
)
def test_dns_and_wildcards(pebble: Pebble, names: tuple[str, ...]) -> None:
    async def scene() -> None:
        provider = ChallTestSrvProvider(pebble.dns)
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client:
            issued = await client.obtain(*names, solvers={DNS: dns_solver(pebble, provider)})
        assert names_of(chain_of(issued.chain_pem)[0]) == set(names)
        assert not any(provider.values.values())

    asyncio.run(scene())


def test_dns_by_way_of_an_alias(pebble: Pebble) -> None:
    async def scene() -> None:
        provider = ChallTestSrvProvider(pebble.dns)
        target = "alias-target.acme.example."
        pebble.dns.set_cname("_acme-challenge.alias.example.org.", target)
        async with acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client:
            await client.obtain("alias.example.org", solvers={DNS: dns_solver(pebble, provider)})
        assert provider.presented == [target]

    asyncio.run(scene())


def test_when_one_way_fails_the_next_one_is_taken_and_remembered(pebble: Pebble) -> None:
    async def scene() -> None:
        name = "blocked-443.example.org"
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(pebble.directory, ca_bundle=pebble.ca_bundle) as client,
        ):
            # As behind a proxy that terminates TLS itself: the CA never reaches the listener.
            broken = paths.solvers[TLS_ALPN]
            published = paths.listener.publish

            async def nowhere(_: object) -> None:
                await published({})

            broken._publish = nowhere  # type: ignore[attr-defined]
            await client.obtain(name, solvers=paths.solvers)
            first = list(client.steps)
            client.steps.clear()
            await client.obtain(name, solvers=paths.solvers)
        assert any("tls-alpn-01" in step for step in first), first
        assert not any("tls-alpn-01" in step for step in client.steps), client.steps

    asyncio.run(scene())


def dns_solver(pebble: Pebble, provider: ChallTestSrvProvider) -> Dns01Solver:
    """The CA asks the same server: nothing has to propagate."""
    return Dns01Solver(
        provider=provider,
        resolving=Resolving(resolvers=[ADDRESS], port=pebble.dns.dns_port),
        propagation=None,
        sink=lambda event: pytest.fail(str(event)),
    )
