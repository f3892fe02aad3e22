"""A challenge solver that answers nothing: for CAs that believe everybody."""

from dataclasses import dataclass, field

from certs.challenges.solver import PathError, Proof
from certs.spec import ChallengeType


@dataclass(slots=True, kw_only=True)
class RecordingSolver:
    """A `certs.challenges.solver.Solver`; `up` holds the identifiers presented and not cleaned."""

    type: ChallengeType
    is_broken: bool = False
    """`present` raises PathError."""
    presented: list[str] = field(default_factory=list)
    up: list[str] = field(default_factory=list)

    def can_solve(self, identifier: str, *, is_ip: bool, is_wildcard: bool) -> bool:
        if self.type is ChallengeType.DNS_01:
            return not is_ip
        return not is_wildcard

    async def present(self, proof: Proof) -> None:
        self.presented.append(proof.identifier)
        if self.is_broken:
            raise PathError("it is broken", remedy="Mend it.")
        self.up.append(proof.identifier)

    async def wait(self, proof: Proof) -> None:
        pass

    async def clean_up(self, proof: Proof) -> None:
        if proof.identifier in self.up:
            self.up.remove(proof.identifier)

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        pass


def recording_solvers(*broken: ChallengeType) -> dict[ChallengeType, RecordingSolver]:
    """One of each type."""
    return {t: RecordingSolver(type=t, is_broken=t in broken) for t in ChallengeType}
