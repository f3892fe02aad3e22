"""Orders proved for real: our solvers, and a CA that looks from three places at once."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.challenges.dns.resolving import Resolving
from certs.challenges.dns01 import Dns01Solver
from certs.spec import ChallengeType
from tests.support.certificates import chain_of, names_of
from tests.support.challenge_paths import challenge_paths
from tests.support.challtestsrv import ADDRESS, ChallTestSrvProvider, running_challtestsrv
from tests.support.fakeca import Reach
from tests.support.ports import Ports

Stages = Callable[..., AbstractAsyncContextManager[Any]]
TLS_ALPN, HTTP, DNS = ChallengeType.TLS_ALPN_01, ChallengeType.HTTP_01, ChallengeType.DNS_01


@pytest.mark.parametrize("kind", [TLS_ALPN, HTTP])
@pytest.mark.parametrize(
    "names", [("mail.example.org", "imap.example.org"), ("192.0.2.7", "2001:db8::7")]
)
def test_names_and_addresses_of_both_families(
    stage: Stages, ports: Ports, kind: ChallengeType, names: tuple[str, ...]
) -> None:
    reach = Reach(http_port=ports.take(), tls_port=ports.take())

    async def scene() -> None:
        async with (
            challenge_paths(http_port=reach.http_port, tls_port=reach.tls_port) as paths,
            stage(reach) as on,
            on.client() as client,
        ):
            on.ca.faults.validation = "real"
            issued = await client.obtain(*names, solvers={kind: paths.solvers[kind]})
            assert names_of(chain_of(issued.chain_pem)[0]) == set(names)
            assert sorted(on.ca.record.validations) == sorted(f"{kind} {n} valid" for n in names)
            assert on.ca.record.violations == []
            if kind is TLS_ALPN:
                assert len(paths.listener.served) == reach.perspectives * len(names)

    asyncio.run(scene())


def test_many_orders_at_once_by_one_account(stage: Stages, ports: Ports) -> None:
    reach = Reach(http_port=ports.take(), tls_port=ports.take())
    hosts = [f"host-{n}.example.org" for n in range(8)]

    async def scene() -> None:
        async with (
            challenge_paths(http_port=reach.http_port, tls_port=reach.tls_port) as paths,
            stage(reach) as on,
            on.client() as client,
        ):
            on.ca.faults.validation = "real"
            on.ca.faults.nonce_rejection = 0.3
            session = await client.session()
            async with asyncio.TaskGroup() as group:
                for host in hosts:
                    group.create_task(client.obtain(host, solvers=paths.solvers, session=session))
            assert on.ca.record.certificates == dict.fromkeys(hosts, 1)
            assert on.ca.record.violations == []
            assert paths.listener.contexts == {}

    asyncio.run(scene())


@pytest.mark.parametrize(
    "names", [("txt.example.org",), ("wild.example.org", "*.wild.example.org")]
)
@pytest.mark.parametrize("is_alias", [False, True])
def test_dns(stage: Stages, ports: Ports, names: tuple[str, ...], is_alias: bool) -> None:
    async def scene(port: int, provider: ChallTestSrvProvider) -> None:
        solver = Dns01Solver(
            provider=provider,
            resolving=Resolving(resolvers=[ADDRESS], port=port),
            propagation=None,
            sink=lambda event: pytest.fail(str(event)),
        )
        async with stage(Reach(dns_server=(ADDRESS, port))) as on, on.client() as client:
            on.ca.faults.validation = "real"
            await client.obtain(*names, solvers={DNS: solver})
            assert on.ca.record.violations == []
            assert len(on.ca.record.validations) == len(names)

    with running_challtestsrv(ports) as dns:
        provider = ChallTestSrvProvider(dns)
        if is_alias:
            dns.set_cname(f"_acme-challenge.{names[0]}.", "there.acme.example.")
        asyncio.run(scene(dns.dns_port, provider))
        where = "there.acme.example." if is_alias else f"_acme-challenge.{names[0]}."
        assert set(provider.presented) == {where}
        assert not any(provider.values.values())
