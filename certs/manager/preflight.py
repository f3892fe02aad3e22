"""Before a CA is asked for anything: is there room for the answer, and can each name be proved?"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from certs.acme.memory import ChallengeMemory
from certs.acme.problem import AcmeProblem, Kind
from certs.challenges.solver import PathError, Solver
from certs.events import EventSink, PathFailed
from certs.spec import ChallengeType, Managed
from certs.store.protocol import Store

_ROOM_BYTES = 64 * 1024
"""More than a version of a certificate and its order take together."""


@dataclass(slots=True)
class _Rehearsals:
    """What was tried in this pass."""

    passed: set[ChallengeType] = field(default_factory=set)
    failed: set[ChallengeType] = field(default_factory=set)


class Preflight:
    """Tries every challenge path against ourselves."""

    def __init__(
        self,
        *,
        store: Store,
        solvers: Mapping[ChallengeType, Solver],
        memory: ChallengeMemory,
        sink: EventSink,
    ) -> None:
        self._store = store
        self._solvers = solvers
        self._memory = memory
        self._sink = sink

    async def challenges(self, managed: Managed) -> tuple[ChallengeType, ...]:
        """The challenge types to order with, the best first; those that cannot work are left out.

        For each name, types are tried in the order of preference until one works. One that was not
        needed so far stays, behind the others, and last come those that work for some names only.
        Raises StoreError when there is no room, AcmeProblem when some name cannot be proved in any
        way: its text says why for each.
        """
        self._store.probe(_ROOM_BYTES)
        tried = _Rehearsals()
        for name in managed.names:
            await self._rehearse(managed, name, tried)
        able = [one for one in managed.challenges if one in self._solvers]
        return (
            *(one for one in able if one in tried.passed - tried.failed),
            *(one for one in able if one not in tried.passed | tried.failed),
            *(one for one in able if one in tried.passed & tried.failed),
        )

    async def _rehearse(self, managed: Managed, name: str, tried: _Rehearsals) -> None:
        is_wildcard = name.startswith("*.")
        identifier = name.removeprefix("*.")
        is_ip = _is_ip(identifier)
        wrong: list[str] = []
        for type_ in self._memory.ordered(identifier, managed.challenges):
            solver = self._solvers.get(type_)
            if solver is None or not solver.can_solve(
                identifier, is_ip=is_ip, is_wildcard=is_wildcard
            ):
                continue
            # A listener serves all names or none; a zone is each name's own.
            is_hopeless = type_ in tried.failed and type_ not in tried.passed
            if is_hopeless and type_ is not ChallengeType.DNS_01:
                wrong.append(f"{type_.value} has failed for another name")
                continue
            try:
                await solver.rehearse(identifier, is_ip=is_ip)
            except PathError as error:
                tried.failed.add(type_)
                wrong.append(str(error))
                self._sink(
                    PathFailed(
                        certificate=managed.name,
                        challenge=type_.value,
                        identifier=identifier,
                        reason=str(error),
                    )
                )
            else:
                tried.passed.add(type_)
                return
        raise AcmeProblem(
            type="path",
            detail=f"{name} cannot be proved: {'; '.join(wrong) or _nothing_left(managed)}"[:500],
            kind=Kind.ORDER,
        )


def _nothing_left(managed: Managed) -> str:
    types = ", ".join(one.value for one in managed.challenges)
    return f"none of its challenges ({types}) is possible here"


def _is_ip(identifier: str) -> bool:
    try:
        ipaddress.ip_address(identifier)
    except ValueError:
        return False
    return True
