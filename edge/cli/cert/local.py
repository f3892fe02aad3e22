"""No edge runs: the same operations on the store itself, from this process.

Nothing answers at the ports of this host then, so names can be proved by dns-01 only.
"""

import asyncio
import os
import pwd
import random
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import msgspec

import certs
from edge.cli.cert.asking import CallError, OnEvent
from edge.cli.cert.looking import LookingStore
from edge.cli.problems import show_problems
from edge.config.acme.material import AcmeMaterial
from edge.config.addresses import is_ip
from edge.config.material import load_acme_material
from edge.config.tree import Acme, Config
from edge.ops.certcalls import (
    Call,
    DryRun,
    Export,
    ListAll,
    Renew,
    Show,
    Tlsa,
    event_object,
    perform,
)
from edge.ops.certproblems import explain
from edge.run.solvers import dns_solver

_ONLY_LOOKS = ListAll | Show | Tlsa | Export


def open_local(config: Config) -> "Local":
    """Read what `[acme]` names. Raises CallError when there is nothing to work with."""
    if config.acme is None:
        raise CallError(
            'no certificate of this configuration has source = "acme"',
            "`stalwart-edge check` shows the certificates from files.",
        )
    material, problems = load_acme_material(config)
    if material is None:
        show_problems(problems, ())
        raise CallError("what [acme] names cannot be used", "Correct it, and try again.")
    return Local(config, config.acme, material)


class Local:
    """The certificate manager's operations in this process."""

    def __init__(self, config: Config, acme: Acme, material: AcmeMaterial) -> None:
        self._config = config
        self._acme = acme
        self._material = material

    def call(self, call: Call, on_event: OnEvent) -> bytes:
        """Do it and return the result as JSON. Raises CallError."""
        store: certs.Store = certs.FileStore(self._config.store_dir)
        if isinstance(call, _ONLY_LOOKS):
            store = LookingStore(store)
        else:
            _check_owner(self._config.store_dir)
        if isinstance(call, Renew | DryRun):
            self._check_provable(call.name)

        def sink(event: certs.Event) -> None:
            on_event(event_object(event))

        async def run() -> object:
            async with certs.operations_on(self._kit(store, sink)) as operations:
                return await perform(call, operations, sink)

        try:
            return msgspec.json.encode(asyncio.run(run()))
        except Exception as error:
            known = explain(error)
            if known is None:
                raise
            raise CallError(known[1].message, known[1].remedy) from error

    def _kit(self, store: certs.Store, sink: certs.EventSink) -> certs.ManagerKit:
        """In a running loop: solvers and clients may belong to it."""
        solvers = dns_solver(self._acme, self._material, sink)
        return certs.ManagerKit(
            managed=[_provable_here(managed, solvers) for managed in self._managed()],
            settings=self._material.settings,
            store=store,
            solvers=solvers,
            deployer=certs.NowhereDeployer(),
            clock=certs.SystemClock(),
            rng=random.SystemRandom(),
            sink=sink,
        )

    def _managed(self) -> list[certs.Managed]:
        return [one.managed for one in self._config.certificates if one.managed is not None]

    def _check_provable(self, name: str) -> None:
        for managed in self._managed():
            if managed.name != certs.canonical_name(name):
                continue
            can_dns = certs.ChallengeType.DNS_01 in managed.challenges
            unprovable = [one for one in managed.names if is_ip(one) or not can_dns]
            if unprovable:
                others = [one for one in managed.challenges if one != certs.ChallengeType.DNS_01]
                raise CallError(
                    f"{', '.join(unprovable)}: proved by {' or '.join(others)}, which only a "
                    "running edge answers, and none runs",
                    "Start it (`stalwart-edge run`), and try again; with dns-01 it works without.",
                )


def _provable_here(
    managed: certs.Managed, solvable: Collection[certs.ChallengeType]
) -> certs.Managed:
    """Without the challenges that nobody answers now; as it is when none would be left."""
    able = tuple(one for one in managed.challenges if one in solvable)
    return replace(managed, challenges=able or managed.challenges)


def _check_owner(store: Path) -> None:
    """Files of another user's making would lock the edge out of its own store."""
    for place in (store, store.parent):
        try:
            owner = place.stat().st_uid
        except FileNotFoundError:
            continue
        except OSError as error:
            message = f"{place} cannot be used: {(error.strerror or 'no reason').lower()}"
            raise CallError(message, "Use sudo.") from error
        if owner != os.geteuid():
            user = _user_name(owner)
            raise CallError(
                f"{place} belongs to {user}, who could not use what this command writes there",
                f"Run it as that user: sudo -u {user} stalwart-edge cert …",
            )
        return


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
