"""The CA is told only when every authoritative server shows the value."""

import asyncio
import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import dns.asyncquery
import pytest

from certs.challenges.dns.propagation import Propagation
from certs.challenges.dns.resolving import NameServer, Resolving
from certs.challenges.dns.rfc2136 import Rfc2136Provider
from certs.challenges.solver import PathError
from tests.support.knot import OTHER_ZONE, ZONE, Knots
from tests.support.ports import has_ipv6

VALUE = "gfj9Xq-Rg85nM"


@contextmanager
def frozen(knots: Knots) -> Iterator[Callable[[], None]]:
    """The secondary gets no changes until the function is called."""
    is_thawed = False

    def thaw() -> None:
        nonlocal is_thawed
        if not is_thawed:
            is_thawed = True
            knots.secondary.control("zone-thaw", ZONE)
            knots.secondary.control("zone-refresh", ZONE)

    knots.secondary.control("zone-freeze", ZONE)
    try:
        yield thaw
    finally:
        thaw()


def propagation_of(knots: Knots, resolving: Resolving, **settings: float) -> Propagation:
    return Propagation(
        resolving=resolving,
        port=knots.port,
        **{"deadline_s": 10, "interval_s": 0.02, "ask_deadline_s": 0.3, **settings},
    )


class World(Resolving):
    """Name servers made up by the test."""

    def __init__(self, *servers: NameServer) -> None:
        super().__init__()
        self._servers = servers

    async def zone_of(self, name: str) -> str:
        return f"{ZONE}."

    async def servers_of(self, zone: str) -> tuple[NameServer, ...]:
        return self._servers


def test_all_have_it(knots: Knots, resolving: Resolving, provider: Rfc2136Provider) -> None:
    name = f"_acme-challenge.all.{ZONE}."

    async def dialogue() -> None:
        await provider.present(name, VALUE)
        await propagation_of(knots, resolving).wait_until_visible(name, VALUE)

    asyncio.run(dialogue())
    assert knots.secondary.texts(name) == {VALUE}


def test_waits_for_the_last_server(
    knots: Knots, resolving: Resolving, provider: Rfc2136Provider
) -> None:
    name = f"_acme-challenge.last.{ZONE}."

    async def dialogue(thaw: Callable[[], None]) -> None:
        await provider.present(name, VALUE)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(
                propagation_of(knots, resolving).wait_until_visible(name, VALUE)
            )
            await asyncio.wait([waiting], timeout=0.2)
            assert not waiting.done()
            await asyncio.to_thread(thaw)

    with frozen(knots) as thaw:
        asyncio.run(dialogue(thaw))


def test_words_for_the_servers_that_are_behind(
    knots: Knots, resolving: Resolving, provider: Rfc2136Provider
) -> None:
    name = f"_acme-challenge.behind.{ZONE}."

    async def dialogue() -> str:
        await provider.present(name, "old")
        await propagation_of(knots, resolving).wait_until_visible(name, "old")
        with frozen(knots):
            await provider.present(name, VALUE)
            with pytest.raises(PathError) as caught:
                await propagation_of(knots, resolving, deadline_s=1).wait_until_visible(name, VALUE)
        return caught.value.message

    addresses = [knots.secondary.address, *(["::1"] if has_ipv6() else [])]
    behind = "; ".join(
        f"ns2.{ZONE} ({address}) still answers without it (1 other)" for address in addresses
    )
    assert asyncio.run(dialogue()) == (
        f"1 s after the change, the TXT record of {name[:-1]} is not at all name servers of "
        f"{ZONE}.: {behind}"
    )


def test_no_record_at_all(knots: Knots, resolving: Resolving) -> None:
    with pytest.raises(PathError, match="still answers that there is no TXT record"):
        asyncio.run(
            propagation_of(knots, resolving, deadline_s=0.5).wait_until_visible(
                f"_acme-challenge.nothing.{ZONE}.", VALUE
            )
        )


def test_an_answer_that_needs_tcp(
    knots: Knots, resolving: Resolving, provider: Rfc2136Provider
) -> None:
    name = f"_acme-challenge.many.{ZONE}."
    values = [f"{number:043}" for number in range(40)]

    async def dialogue() -> None:
        for value in values:
            await provider.present(name, value)
        for value in values[0], values[-1]:
            await propagation_of(knots, resolving).wait_until_visible(name, value)

    asyncio.run(dialogue())


def server(name: str, *addresses: str) -> NameServer:
    return NameServer(name=name, addresses=addresses)


@pytest.mark.parametrize(
    "others",
    [
        [server("dead.example.test", "127.0.0.250")],
        [server("lost.example.test")],
        [server("far.example.test", "2001:db8::1")],
    ],
    ids=["does not answer", "has no address", "no route or no answer"],
)
def test_silent_servers_are_left_to_the_ca(
    knots: Knots, provider: Rfc2136Provider, others: Sequence[NameServer]
) -> None:
    name = f"_acme-challenge.silent.{ZONE}."
    world = World(server("ns1", knots.primary.address), *others)

    async def dialogue() -> None:
        await provider.present(name, VALUE)
        await propagation_of(knots, world).wait_until_visible(name, VALUE)

    asyncio.run(dialogue())


def test_nobody_answers(knots: Knots) -> None:
    world = World(server("dead.example.test", "127.0.0.250"), server("lost.example.test"))
    propagation = propagation_of(knots, world, deadline_s=1, ask_deadline_s=0.5)
    waiting = propagation.wait_until_visible(f"a.{ZONE}.", VALUE)
    with pytest.raises(PathError) as caught:
        asyncio.run(waiting)
    assert caught.value.message == (
        f"no name server of {ZONE}. shows the TXT record of a.{ZONE}: dead.example.test "
        "(127.0.0.250) cannot be reached: connection refused; lost.example.test (-) has no "
        "address in DNS"
    )


def test_a_server_that_does_not_have_the_zone(knots: Knots) -> None:
    world = World(server("ns1", knots.primary.address))
    waiting = propagation_of(knots, world, deadline_s=0.5).wait_until_visible("a.invalid.", VALUE)
    with pytest.raises(PathError, match=r"ns1 \(\S+\) answers REFUSED"):
        asyncio.run(waiting)


def test_udp_that_does_not_come_through(
    knots: Knots, provider: Rfc2136Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"_acme-challenge.tcp.{ZONE}."
    world = World(server("ns1", knots.primary.address))

    async def lost(*_: object, **__: object) -> None:
        raise dns.exception.Timeout

    async def dialogue() -> None:
        await provider.present(name, VALUE)
        monkeypatch.setattr(dns.asyncquery, "udp_with_fallback", lost)
        await propagation_of(knots, world).wait_until_visible(name, VALUE)

    asyncio.run(dialogue())


def test_a_host_without_ipv6_waits_for_nobody(
    knots: Knots, provider: Rfc2136Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"_acme-challenge.v4.{ZONE}."
    world = World(server("ns1", knots.primary.address, "2001:db8::1"))
    asked: list[str] = []
    real = dns.asyncquery.udp_with_fallback

    async def without_ipv6(query: object, where: str, **settings: object) -> object:
        asked.append(where)
        if ":" in where:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return await real(query, where, **settings)  # type: ignore[arg-type]

    async def dialogue() -> None:
        await provider.present(name, VALUE)
        monkeypatch.setattr(dns.asyncquery, "udp_with_fallback", without_ipv6)
        await propagation_of(knots, world).wait_until_visible(name, VALUE)

    asyncio.run(dialogue())
    assert asked == [knots.primary.address, "2001:db8::1"]


def test_another_zone_of_the_same_servers(
    knots: Knots, resolving: Resolving, provider: Rfc2136Provider
) -> None:
    name = f"alias.{OTHER_ZONE}."

    async def dialogue() -> None:
        await provider.present(name, VALUE)
        await propagation_of(knots, resolving, settle_s=0.01).wait_until_visible(name, VALUE)
        await provider.clean_up(name, VALUE)

    asyncio.run(dialogue())
