"""One need on its way through the steps of an order: what every step works with."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from certs.acme.journal import Journal
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Need, Tally
from certs.acme.problem import AcmeProblem
from certs.acme.session import Session
from certs.challenges.solver import Solver
from certs.clock import Clock
from certs.spec import ChallengeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Lives as long as one call of `obtain`."""

    session: Session
    need: Need
    journal: Journal
    solvers: Mapping[ChallengeType, Solver]
    clock: Clock
    rng: random.Random
    on_step: Callable[[str], None]
    memory: ChallengeMemory
    tally: Tally
    refused: dict[str, set[ChallengeType]] = field(default_factory=dict)
    """Challenge types that the CA was not convinced by, by identifier: not tried again."""

    def types_for(
        self, identifier: str, *, is_ip: bool, is_wildcard: bool
    ) -> tuple[ChallengeType, ...]:
        """What is left to be tried for an identifier, the most promising first."""
        refused = self.refused.get(identifier, set())
        return tuple(
            type_
            for type_ in self.memory.ordered(identifier, self.need.challenges)
            if type_ in self.solvers
            and type_ not in refused
            and self.solvers[type_].can_solve(identifier, is_ip=is_ip, is_wildcard=is_wildcard)
        )


class DeadOrder(Exception):  # noqa: N818 - what is, not what went wrong
    """Nothing can become of this order any more. Never leaves `obtain`."""

    def __init__(self, problem: AcmeProblem, *, is_another_worthwhile: bool) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.is_another_worthwhile = is_another_worthwhile
        """Whether a new order may do better at once."""
