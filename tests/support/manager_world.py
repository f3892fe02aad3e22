"""A manager and all around it: a fake CA, a store, listeners, and time that a test moves."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from certs.events import Event
from certs.manager.kit import ManagerKit
from certs.manager.manager import Manager
from certs.manager.operations import Operations
from certs.spec import AcmeSettings, ChallengeType, Issuer, KeyType, Lineage, Managed
from certs.store.memory import MemoryStore
from certs.store.protocol import Store
from certs.store.unit import Version
from certs.store.versions import Versions
from tests.support.fake_deployer import FakeDeployer
from tests.support.fakeca import FakeCa, RetryAfter, running_fake_ca
from tests.support.ports import Ports
from tests.support.recording_solver import RecordingSolver, recording_solvers
from tests.support.sim_clock import SimClock

NAME = "mail.example.org"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
T = TypeVar("T")
E = TypeVar("E", bound=Event)


def managed(
    *names: str, key_types: Sequence[KeyType] = (KeyType.ECDSA_P256,), **more: Any
) -> Managed:
    """A certificate to keep; `mail.example.org` unless other names are given."""
    return Managed(
        names=names or (NAME,),
        key_types=tuple(key_types),
        challenges=more.pop("challenges", (ChallengeType.HTTP_01, ChallengeType.TLS_ALPN_01)),
        **more,
    )


def lineage(name: str = NAME, key_type: KeyType = KeyType.ECDSA_P256) -> Lineage:
    """One of its lineages."""
    return Lineage(name, key_type)


@dataclass(kw_only=True)
class World:
    """What outlives a manager. Time stands still while anything is done."""

    ca: FakeCa
    clock: SimClock
    store: Store = field(default_factory=MemoryStore)
    deployer: FakeDeployer = field(default_factory=FakeDeployer)
    solvers: dict[ChallengeType, RecordingSolver] = field(default_factory=recording_solvers)
    events: list[Event] = field(default_factory=list)
    wanted: Sequence[Managed] = field(default_factory=lambda: [managed()])
    issuers: tuple[Issuer, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    tick_s: float = 6 * 3600.0
    managers: list[Manager] = field(default_factory=list)
    _at_work: int = 0
    _horizon: float = 0.0
    _is_enough: Callable[[], bool] = lambda: False
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.issuers = self.issuers or (self.issuer(),)

    def issuer(self, name: str = "first", *, ca: FakeCa | None = None, **more: Any) -> Issuer:
        """One that leads to the CA, or to another one."""
        ca = ca or self.ca
        return Issuer(name=name, **{"directory": ca.directory, "ca_bundle": ca.ca_bundle, **more})

    def kit(self, **changes: Any) -> ManagerKit:
        """As the configuration says now."""
        settings = AcmeSettings(
            **{
                "email": "postmaster@example.org",
                "agree_to_terms": True,
                "issuers": self.issuers,
                "user_agent": "stalwart-edge/test",
                **self.settings,
            }
        )
        kit = ManagerKit(
            managed=self.wanted,
            settings=settings,
            store=self.store,
            solvers=self.solvers,
            deployer=self.deployer,
            clock=self.clock,
            rng=random.Random(7),
            sink=self.events.append,
        )
        return replace(kit, **changes)

    @asynccontextmanager
    async def running(
        self, *, kit: ManagerKit | None = None, **options: Any
    ) -> AsyncIterator[Manager]:
        """A manager at work, as from a start of the process to its end."""
        manager = Manager(kit or self.kit(), **{"tick_s": self.tick_s, **options})
        self.managers.append(manager)
        task = asyncio.ensure_future(manager.run())
        # It ends by itself only where a test kills it.
        task.add_done_callback(lambda _: self._arrived.set())
        try:
            yield manager
        finally:
            task.cancel()
            await asyncio.wait([task])
            self.managers.remove(manager)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()

    async def start(self) -> None:
        """A manager from its start until it has nothing to do, and its end."""
        async with self.running():
            await self.settle()

    def operations(self) -> Operations:
        """Those of the manager that runs."""
        manager = self.managers[-1]
        return Operations(manager.parts, manager.keepers)

    # --- time ---

    async def settle(self) -> None:
        """Until nothing is left to be done now."""
        await self.pass_by(timedelta())

    async def pass_by(self, time: timedelta) -> None:
        """Let so much time pass, doing all that becomes due."""
        await self._go(time, lambda: False)

    async def until(self, predicate: Callable[[], Any], *, within: timedelta = DAY) -> None:
        """Let time pass until it is so."""
        await self._go(within, lambda: bool(predicate()))
        assert predicate(), self.told()

    async def done(self, work: Awaitable[T]) -> T:
        """What a person asks for, with time passing where it has to wait."""
        self._at_work += 1
        try:
            async with asyncio.timeout(30):
                return await work
        finally:
            self._at_work -= 1

    async def _go(self, time: timedelta, is_enough: Callable[[], bool]) -> None:
        self._horizon = self.clock.monotonic() + time.total_seconds()
        self._is_enough = is_enough
        self._arrived.clear()
        async with asyncio.timeout(50):
            await self._arrived.wait()
        self._is_enough = lambda: False

    async def drive(self) -> None:
        """Move time, for as long as the world exists."""
        clock = self.clock
        while True:
            for turn in range(40):
                await asyncio.sleep(0)
                if turn > 2 and not self._is_busy():
                    break
            napping = [one.wakes for one in clock.sleepers if not one.is_tick]
            if napping and await self._is_quiet(min(napping)):
                clock.pass_by(max(0.0, min(napping) - clock.monotonic()))
            elif napping or self._is_busy():
                await asyncio.sleep(0.0003)
            elif self._arrived.is_set():
                await asyncio.sleep(0.001)
            elif clock.monotonic() >= self._horizon or self._is_enough():
                self._arrived.set()
            else:
                ticks = [one.wakes for one in clock.sleepers]
                wakes = min([self._horizon, *ticks])
                clock.pass_by(max(0.0, wakes - clock.monotonic()))

    async def _is_quiet(self, wakes: float) -> bool:
        """Whether nothing happens but that somebody sleeps."""
        asked = len(self.ca.record.requests)
        await asyncio.sleep(0.003)
        napping = [one.wakes for one in self.clock.sleepers if not one.is_tick]
        return bool(napping) and min(napping) == wakes and asked == len(self.ca.record.requests)

    def _is_busy(self) -> bool:
        if self._at_work:
            return True
        ticking = sum(one.is_tick and not one.woken.done() for one in self.clock.sleepers)
        return ticking < len(self.managers) or any(
            one._running or one._is_checking or one._woken.is_set() for one in self.managers
        )

    # --- what came of it ---

    def of(self, kind: type[E]) -> list[E]:
        """Events of one kind."""
        return [one for one in self.events if isinstance(one, kind)]

    def told(self) -> str:
        """All events, for the message of an assertion."""
        return "\n".join(map(str, self.events))

    def current(self, of: Lineage | None = None) -> Version:
        """The current version of a lineage, which has to be whole."""
        versions = Versions(self.store)
        found = versions.current(of or lineage())
        assert found is not None
        assert versions.problems == ()
        return found

    def served(self, name: str = NAME) -> str:
        """The digest of the leaf that is served."""
        return self.deployer.leaf(name)

    def ordered(self) -> int:
        """All orders that the CA has taken."""
        return sum(self.ca.record.orders.values())


@asynccontextmanager
async def world(directory: Path, ports: Ports, **options: Any) -> AsyncIterator[World]:
    """A world with one CA, that ends with it: nothing was sent that no client may send."""
    clock = options.pop("clock", None) or SimClock()
    async with AsyncExitStack() as stack:
        ca = await stack.enter_async_context(
            running_fake_ca(directory / "ca", port=ports.take(), now=clock.now)
        )
        ca.faults.window.retry_after = RetryAfter(seconds=86400)
        made = World(ca=ca, clock=clock, **options)
        driving = asyncio.ensure_future(made.drive())
        try:
            yield made
        finally:
            driving.cancel()
            await asyncio.wait([driving])
        if not driving.cancelled():
            driving.result()
        assert ca.record.violations == []
        left = asyncio.all_tasks() - {asyncio.current_task()}
        names = {task.get_name() for task in left}
        assert not {name for name in names if name.startswith(("certificate", "tick", "woken"))}
