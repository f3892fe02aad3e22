"""The ACME client under test, with all that it needs around it."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certs.acme.session import Session
from certs.acme.transport import Transport
from certs.clock import Clock
from certs.events import Event
from certs.spec import AcmeSettings, Issuer
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

    async def session(self) -> Session:
        return await Session.open(
            self.transport,
            store=self.store,
            issuer=self.issuer,
            settings=self.settings,
            sink=self.events.append,
        )


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
