"""dns-01: the whole path against real name servers, and what happens when a provider fails."""

import asyncio
from pathlib import Path

import pytest

from certs.challenges.dns.exec_hook import ExecProvider
from certs.challenges.dns.propagation import Propagation
from certs.challenges.dns.resolving import Resolving
from certs.challenges.dns.rfc2136 import Rfc2136Provider, TsigKey
from certs.challenges.dns01 import Dns01Solver, txt_value
from certs.challenges.solver import PathError, Proof
from certs.events import Event, PathFailed
from tests.support.knot import KEY_ALGORITHM, KEY_NAME, OTHER_ZONE, ZONE, Knots


def proof(name: str, token: str = "token", *, is_wildcard: bool = False) -> Proof:
    return Proof(
        identifier=f"{name}.{ZONE}",
        is_ip=False,
        is_wildcard=is_wildcard,
        token=token,
        key_authorization=f"{token}.thumbprint",
    )


def value(token: str = "token") -> str:
    return txt_value(f"{token}.thumbprint")


def solver_at(knots: Knots, events: list[Event] | None = None) -> Dns01Solver:
    resolving = Resolving(resolvers=[knots.primary.address], port=knots.port)
    return Dns01Solver(
        provider=Rfc2136Provider(
            server=knots.primary.address,
            port=knots.port,
            key=TsigKey(name=KEY_NAME, algorithm=KEY_ALGORITHM, secret=knots.secret),
        ),
        resolving=resolving,
        propagation=Propagation(
            resolving=resolving, port=knots.port, deadline_s=10, interval_s=0.02
        ),
        sink=(events if events is not None else []).append,
    )


def test_value() -> None:
    # printf %s token.thumbprint | openssl sha256 -binary | basenc --base64url
    assert value() == "61rBZ_4knHblO0MNoxFsXZ_eTFUHum0B6IVRbhvUn5I"
    assert len(value()) == 43


def test_what_it_can_prove(knots: Knots) -> None:
    solver = solver_at(knots)
    assert solver.can_solve("example.org", is_ip=False, is_wildcard=True)
    assert not solver.can_solve("192.0.2.1", is_ip=True, is_wildcard=False)


def test_a_name_and_its_wildcard(knots: Knots) -> None:
    plain, wildcard = proof("both", "a"), proof("both", "b", is_wildcard=True)
    name = f"_acme-challenge.both.{ZONE}."

    async def dialogue() -> None:
        solver = solver_at(knots)
        await asyncio.gather(solver.present(plain), solver.present(wildcard))
        await asyncio.gather(solver.wait(plain), solver.wait(wildcard))
        for server in (knots.primary, knots.secondary):
            assert server.texts(name) == {value("a"), value("b")}
        await solver.clean_up(plain)
        await solver.clean_up(plain)
        assert knots.primary.texts(name) == {value("b")}
        await solver.clean_up(wildcard)
        assert knots.primary.texts(name) == set()

    asyncio.run(dialogue())


def test_one_authorization_of_two_orders(knots: Knots) -> None:
    name = f"_acme-challenge.shared.{ZONE}."

    async def dialogue() -> None:
        solver = solver_at(knots)
        await solver.present(proof("shared"))
        await solver.present(proof("shared"))
        await solver.clean_up(proof("shared"))
        assert knots.primary.texts(name) == {value()}
        await solver.clean_up(proof("shared"))
        assert knots.primary.texts(name) == set()

    asyncio.run(dialogue())


def test_a_cname_into_another_zone(knots: Knots) -> None:
    async def dialogue() -> None:
        solver = solver_at(knots)
        await solver.present(proof("alias"))
        await solver.wait(proof("alias"))
        for server in (knots.primary, knots.secondary):
            assert server.texts(f"alias.{OTHER_ZONE}.") == {value()}
        await solver.clean_up(proof("alias"))
        assert knots.primary.texts(f"alias.{OTHER_ZONE}.") == set()

    asyncio.run(dialogue())


def test_rehearsal_leaves_nothing(knots: Knots) -> None:
    asyncio.run(solver_at(knots).rehearse(f"rehearsed.{ZONE}", is_ip=False))
    assert knots.primary.texts(f"_acme-challenge.rehearsed.{ZONE}.") == set()


class Stubborn:
    """A provider that adds, but cannot remove; or adds and then fails."""

    def __init__(self, *, fails_to_present: bool) -> None:
        self.calls: list[tuple[str, str]] = []
        self._fails_to_present = fails_to_present

    async def present(self, fqdn: str, value: str) -> None:
        self.calls.append(("present", fqdn))
        if self._fails_to_present:
            raise PathError("the service is down", remedy="Wait.")

    async def clean_up(self, fqdn: str, value: str) -> None:
        self.calls.append(("clean_up", fqdn))
        raise PathError("the service is down", remedy="Wait.")


@pytest.mark.parametrize("fails_to_present", [False, True])
def test_what_cannot_be_removed_is_said(knots: Knots, fails_to_present: bool) -> None:
    provider = Stubborn(fails_to_present=fails_to_present)
    events: list[Event] = []

    async def dialogue() -> None:
        solver = Dns01Solver(
            provider=provider,
            resolving=Resolving(resolvers=[knots.primary.address], port=knots.port),
            propagation=None,
            sink=events.append,
        )
        if fails_to_present:
            with pytest.raises(PathError, match="the service is down"):
                await solver.present(proof("stubborn"))
        else:
            await solver.present(proof("stubborn"))
            await solver.wait(proof("stubborn"))
        # It may have been added all the same.
        await solver.clean_up(proof("stubborn"))
        await solver.clean_up(proof("stubborn"))

    asyncio.run(dialogue())
    name = f"_acme-challenge.stubborn.{ZONE}."
    assert provider.calls == [("present", name), ("clean_up", name)]
    assert events == [
        PathFailed(
            challenge="dns-01",
            identifier=f"stubborn.{ZONE}",
            reason=f"a TXT value stays at {name}: the service is down. Wait.",
        )
    ]


def test_never_presented(knots: Knots) -> None:
    events: list[Event] = []

    async def dialogue() -> None:
        solver = solver_at(knots, events)
        await solver.wait(proof("never"))
        await solver.clean_up(proof("never"))

    asyncio.run(dialogue())
    assert events == []


def test_a_cname_to_an_odd_name_never_reaches_a_hook(knots: Knots, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "hook"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    solver = Dns01Solver(
        provider=ExecProvider(program=program),
        resolving=Resolving(resolvers=[knots.primary.address], port=knots.port),
        propagation=None,
        sink=lambda _: None,
    )
    with pytest.raises(PathError, match="the hook is not run for the name"):
        asyncio.run(solver.present(proof("odd")))
    assert not ran.exists()
