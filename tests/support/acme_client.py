"""The ACME client under test, with all that it needs around it."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certs.acme.journal import discard
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Issued, Need
from certs.acme.ordering import obtain
from certs.acme.session import Session
from certs.acme.transport import Transport
from certs.challenges.solver import Solver
from certs.clock import Clock
from certs.events import Event
from certs.spec import AcmeSettings, ChallengeType, Issuer, KeyType, Lineage
from certs.store.memory import MemoryStore
from certs.store.protocol import Store
from tests.support.hurried_clock import HurriedClock

USER_AGENT = "stalwart-edge/test"
EMAIL = "postmaster@example.org"


@dataclass(slots=True, kw_only=True)
class Client:
    """One issuer's. `session()` opens the account, as each start of the process does."""

    transport: Transport
    store: Store
    issuer: Issuer
    settings: AcmeSettings
    clock: Clock
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    events: list[Event] = field(default_factory=list)
    skews: list[float]

    steps: list[str] = field(default_factory=list)

    async def session(self) -> Session:
        return await Session.open(
            self.transport,
            store=self.store,
            issuer=self.issuer,
            settings=self.settings,
            sink=self.events.append,
        )

    async def obtain(
        self,
        *names: str,
        solvers: Mapping[ChallengeType, Solver],
        challenges: Sequence[ChallengeType] | None = None,
        key_type: KeyType = KeyType.ECDSA_P256,
        session: Session | None = None,
        is_kept: bool = False,
        **need: Any,
    ) -> Issued:
        """One certificate; `challenges` defaults to the order of `solvers`.

        The journal is discarded, as the manager does once all is stored, unless `is_kept`.
        """
        lineage = Lineage(certificate=names[0], key_type=key_type)
        issued = await obtain(
            session or await self.session(),
            Need(
                lineage=lineage,
                names=names,
                key_type=key_type,
                challenges=tuple(challenges or solvers),
                **need,
            ),
            store=self.store,
            solvers=solvers,
            clock=self.clock,
            rng=self.rng,
            on_step=self.steps.append,
            memory=ChallengeMemory(self.store, self.clock),
        )
        if not is_kept:
            discard(self.store, lineage)
        return issued


@asynccontextmanager
async def acme_client(
    directory: str,
    *,
    ca_bundle: Path | None,
    store: Store | None = None,
    clock: Clock | None = None,
    agree_to_terms: bool = True,
    **issuer: Any,
) -> AsyncIterator[Client]:
    """A client of one CA. It forgets everything unless it is given a store, and never waits unless
    it is given a clock."""
    wanted = Issuer(name="test", directory=directory, ca_bundle=ca_bundle, **issuer)
    settings = AcmeSettings(
        email=EMAIL, agree_to_terms=agree_to_terms, issuers=(wanted,), user_agent=USER_AGENT
    )
    clock = clock or HurriedClock()
    skews: list[float] = []
    transport = Transport(issuer=wanted, user_agent=USER_AGENT, clock=clock, on_skew=skews.append)
    async with transport:
        yield Client(
            transport=transport,
            store=store or MemoryStore(),
            issuer=wanted,
            settings=settings,
            clock=clock,
            skews=skews,
        )
