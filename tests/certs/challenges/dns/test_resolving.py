"""Where a challenge belongs: CNAMEs, zones and their servers, asked of real ones."""

import asyncio

import pytest

from certs.challenges.dns.resolving import NameServer, Resolving
from certs.challenges.solver import PathError
from tests.support.knot import OTHER_ZONE, ZONE, Knots
from tests.support.ports import Ports, has_ipv6


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (f"_acme-challenge.mail.{ZONE}.", f"_acme-challenge.mail.{ZONE}."),
        (f"ns1.{ZONE}", f"ns1.{ZONE}."),
        (f"_acme-challenge.alias.{ZONE}", f"alias.{OTHER_ZONE}."),
    ],
    ids=["no such name", "no CNAME", "two of them, into another zone"],
)
def test_cnames_are_followed(resolving: Resolving, name: str, target: str) -> None:
    assert asyncio.run(resolving.follow(name)) == target


def test_cnames_in_a_circle(resolving: Resolving) -> None:
    with pytest.raises(PathError, match=r"CNAME records of \S+circle\S+ go round in a circle"):
        asyncio.run(resolving.follow(f"_acme-challenge.circle.{ZONE}"))


def test_too_many_cnames(resolving: Resolving) -> None:
    with pytest.raises(PathError, match="more than 10 CNAME records"):
        asyncio.run(resolving.follow(f"chain0.{ZONE}"))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        (ZONE, ZONE),
        (f"_acme-challenge.mail.{ZONE}", ZONE),
        (f"a.b.c.{OTHER_ZONE}", OTHER_ZONE),
        (f"_acme-challenge.alias.{ZONE}", ZONE),
    ],
)
def test_zone(resolving: Resolving, name: str, zone: str) -> None:
    assert asyncio.run(resolving.zone_of(name)) == f"{zone}."


def test_servers_with_all_their_addresses(resolving: Resolving, knots: Knots) -> None:
    second = (knots.secondary.address, "::1") if has_ipv6() else (knots.secondary.address,)
    assert asyncio.run(resolving.servers_of(f"{ZONE}.")) == (
        NameServer(name=f"ns1.{ZONE}", addresses=(knots.primary.address,)),
        NameServer(name=f"ns2.{ZONE}", addresses=second),
    )


def test_no_servers(resolving: Resolving) -> None:
    with pytest.raises(PathError, match="has no name servers"):
        asyncio.run(resolving.servers_of(f"ns1.{ZONE}."))


@pytest.mark.parametrize("name", [f"{'a' * 64}.{ZONE}", "a..b"])
def test_what_is_no_name(resolving: Resolving, name: str) -> None:
    with pytest.raises(PathError, match="is no name for DNS"):
        asyncio.run(resolving.follow(name))


def test_a_resolver_that_refuses(resolving: Resolving) -> None:
    with pytest.raises(PathError, match=r"example\.org\. \(CNAME\) cannot be looked up: .*REFUSED"):
        asyncio.run(resolving.follow("mail.example.org"))


def test_a_resolver_that_is_not_there(ports: Ports) -> None:
    nobody = Resolving(resolvers=["127.0.0.1"], port=ports.take(), query_deadline_s=0.3)
    with pytest.raises(PathError, match=r"the zone of mail\.example\.org cannot be found: "):
        asyncio.run(nobody.zone_of("mail.example.org"))
