"""A CA and a store in memory that outlive the process that orders."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from certs.acme.chain import verify
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Issued, Need
from certs.acme.ordering import obtain
from certs.spec import ChallengeType, KeyType, Lineage
from tests.support.crashing_store import CrashingStore
from tests.support.memory_ca import MemoryCa, MemorySession
from tests.support.patient_clock import PatientClock
from tests.support.recording_solver import RecordingSolver, recording_solvers

LINEAGE = Lineage(certificate="mail.example.org", key_type=KeyType.ECDSA_P256)
NAMES = ("mail.example.org", "192.0.2.7", "*.example.org")
NEED = Need(
    lineage=LINEAGE,
    names=NAMES,
    key_type=KeyType.ECDSA_P256,
    challenges=(ChallengeType.TLS_ALPN_01, ChallengeType.HTTP_01, ChallengeType.DNS_01),
)


@dataclass(kw_only=True)
class Counted:
    """A `Tally`."""

    orders: list[bool] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def ordered(self, *, is_exempt: bool) -> None:
        self.orders.append(is_exempt)

    def validation_failed(self, identifier: str) -> None:
        self.failed.append(identifier)


@dataclass(kw_only=True)
class World:
    """A CA and a store that outlive the process."""

    clock: PatientClock = field(default_factory=PatientClock)
    store: CrashingStore = field(default_factory=CrashingStore)
    steps: list[str] = field(default_factory=list)
    solvers: dict[ChallengeType, RecordingSolver] = field(default_factory=recording_solvers)
    tally: Counted = field(default_factory=Counted)
    ca: MemoryCa = field(init=False)

    def __post_init__(self) -> None:
        self.ca = MemoryCa(now=self.clock.now)

    def obtain(self, need: Need = NEED, session: MemorySession | None = None) -> Issued:
        """As a process that has just started does."""
        session = session or MemorySession(self.ca)
        issued = asyncio.run(self._obtain(need, session))
        certificate = verify(
            issued.chain_pem, key_pem=issued.key_pem, names=need.names, now=self.clock.now()
        )
        assert certificate.key_pem == issued.key_pem
        return issued

    async def _obtain(self, need: Need, session: Any) -> Issued:
        return await obtain(
            session,
            need,
            store=self.store,
            solvers=self.solvers,
            clock=self.clock,
            rng=random.Random(1),
            on_step=self.steps.append,
            memory=ChallengeMemory(self.store, self.clock),
            tally=self.tally,
        )
