"""A fake CA, a store and sessions that open and close: the life of one account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from certs.acme.session import Session
from certs.acme.transport import Transport
from certs.clock import Clock
from certs.events import AccountChanged, Event
from certs.spec import AcmeSettings, Issuer
from certs.store.memory import MemoryStore
from certs.store.protocol import Store
from tests.support.fakeca import FakeCa, running_fake_ca
from tests.support.patient_clock import PatientClock

HOME = "accounts/fake"


@dataclass(kw_only=True)
class World:
    """Change `issuer` or `settings`, and open again."""

    ca: FakeCa
    issuer: Issuer
    settings: AcmeSettings
    store: Store = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=PatientClock)
    events: list[Event] = field(default_factory=list)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """As a process that has just started opens it."""
        async with Transport(
            issuer=self.issuer, user_agent="stalwart-edge/test", clock=self.clock
        ) as transport:
            yield await Session.open(
                transport,
                store=self.store,
                issuer=self.issuer,
                settings=self.settings,
                sink=self.events.append,
            )

    @property
    def changes(self) -> list[str]:
        return [one.change for one in self.events if isinstance(one, AccountChanged)]

    @property
    def stored(self) -> list[str]:
        return [key.removeprefix(f"{HOME}/") for key in self.store.list(HOME)]

    def with_issuer(self, **changes: object) -> None:
        self.issuer = replace(self.issuer, **changes)  # type: ignore[arg-type]

    def with_settings(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def running_world(directory: Path, port: int) -> AsyncIterator[World]:
    """Ends with the CA's list of violations, which has to be empty."""
    async with running_fake_ca(directory / "ca", port=port) as ca:
        issuer = Issuer(name="fake", directory=ca.directory, ca_bundle=ca.ca_bundle)
        settings = AcmeSettings(
            email="postmaster@example.org",
            agree_to_terms=True,
            issuers=(issuer,),
            user_agent="stalwart-edge/test",
        )
        yield World(ca=ca, issuer=issuer, settings=settings)
        assert ca.record.violations == []
