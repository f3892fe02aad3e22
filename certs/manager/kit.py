"""What every part of the manager works with."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from certs.challenges.solver import Solver
from certs.clock import Clock
from certs.events import EventSink
from certs.manager.deploy import Deployer
from certs.spec import AcmeSettings, ChallengeType, Issuer, Managed
from certs.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerKit:
    """Given once, by whoever composes the manager."""

    managed: Sequence[Managed]
    settings: AcmeSettings
    store: Store
    solvers: Mapping[ChallengeType, Solver]
    deployer: Deployer
    clock: Clock
    rng: random.Random = field(repr=False)
    sink: EventSink
    is_loopback_http_allowed: bool = False
    """For CAs of tests, which have no certificate of their own."""

    def issuer(self, name: str) -> Issuer | None:
        """An issuer by its name; None: it is no longer configured."""
        return next((one for one in self.settings.issuers if one.name == name), None)
