"""The loop: every certificate in its time, what others have changed, and clocks that jump."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certs.events import ClockJumped, NotDeployed, StoreTrouble
from certs.manager.keeping import CertificateKeeper
from certs.manager.kit import ManagerKit
from certs.manager.parts import Parts
from certs.manager.watching import FilesSource, FilesWatch
from certs.select import CertificateSet
from certs.store.protocol import StoreError

_JUMP_S: Final = 60.0
_AT_ONCE: Final = 2
"""Certificates that are looked after at the same time: CAs ask for small runs, not for bursts."""
_DEPLOY_AGAIN_S: Final = 30.0


@dataclass(slots=True)
class _Ticks:
    """Both clocks at the last tick."""

    wall: datetime
    monotonic: float

    def jumped_s(self, wall: datetime, monotonic: float) -> float:
        """How far the wall clock has moved against the other since; the next call begins here."""
        jumped = (wall - self.wall).total_seconds() - (monotonic - self.monotonic)
        self.wall, self.monotonic = wall, monotonic
        return jumped


class Manager:
    """Keeps all certificates valid while `run` runs."""

    def __init__(
        self,
        kit: ManagerKit,
        *,
        files: Sequence[FilesSource] = (),
        files_served: Sequence[CertificateSet | None] = (),
        others: Sequence[CertificateSet] = (),
        tick_s: float = 5.0,
    ) -> None:
        """`files_served` are what was loaded of `files` already, one each; `others` never change.

        `tick_s`: how often the store and the files are looked at for changes by others.
        """
        served = files_served or [None] * len(files)
        watches = [
            FilesWatch(source, one, clock=kit.clock, sink=kit.sink)
            for source, one in zip(files, served, strict=True)
        ]
        self._kit = kit
        self._tick_s = tick_s
        self.parts = Parts(kit, files=watches, others=others)
        self.keepers = {one.name: CertificateKeeper(self.parts, one) for one in kit.managed}
        self._due_at: dict[str, datetime] = {}
        self._running: set[str] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._woken = asyncio.Event()
        self._mark = ""
        self._is_deployed = False
        self._deploy_again_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled. What fails is told and tried again; nothing is raised."""
        clock = self._kit.clock
        ticks = _Ticks(clock.now(), clock.monotonic())
        self._warn_of_ephemeral_store()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.parts)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            await self._deploy()
            tasks.create_task(self._verify_all(), name="first look at listeners")
            while True:
                jumped_s = ticks.jumped_s(clock.now(), clock.monotonic())
                if abs(jumped_s) > _JUMP_S:
                    self._kit.sink(ClockJumped(seconds=round(jumped_s, 1)))
                    self._due_at.clear()
                await self._notice_changes()
                self._start_due(tasks)
                await self._rest()

    def wake(self) -> None:
        """Look at everything now: a command has changed something."""
        self._due_at.clear()
        self._woken.set()

    # --- looking after certificates ---

    def _start_due(self, tasks: asyncio.TaskGroup) -> None:
        now = self._kit.clock.now()
        for name, keeper in self.keepers.items():
            if name not in self._running and self._due_at.get(name, now) <= now:
                self._running.add(name)
                tasks.create_task(self._look(keeper), name=f"certificate {name}")

    async def _look(self, keeper: CertificateKeeper) -> None:
        try:
            async with self._places:
                self._due_at[keeper.name] = await keeper.look()
        finally:
            self._running.discard(keeper.name)
            self._woken.set()

    async def _rest(self) -> None:
        now = self._kit.clock.now()
        waiting = [at for name, at in self._due_at.items() if name not in self._running]
        soonest_s = min(((at - now).total_seconds() for at in waiting), default=self._tick_s)
        rest_s = max(0.0, min(self._tick_s, soonest_s))
        async with asyncio.TaskGroup() as either:
            sleep = either.create_task(self._kit.clock.sleep(rest_s), name="tick")
            woken = either.create_task(self._woken.wait(), name="woken")
            await asyncio.wait([sleep, woken], return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
            woken.cancel()
        self._woken.clear()

    # --- what others have changed ---

    async def _notice_changes(self) -> None:
        changed = [watch for watch in self.parts.files if watch.look()]
        mark = self._watch()
        if mark != self._mark and self._mark and not self._running:
            # Another process, or a command, has stored something: it may be due no longer.
            self._due_at.clear()
            self._is_deployed = False
        if not self._running:
            self._mark = mark
        again_at = self._deploy_again_at
        is_time = again_at is None or self._kit.clock.now() >= again_at
        if changed or (not self._is_deployed and is_time):
            await self._deploy()
        for watch in changed:
            if watch.served is not None and self._is_deployed:
                await self.parts.serving.verify(watch.served, watch.name)

    def _watch(self) -> str:
        try:
            return self._kit.store.watch("certificates")
        except StoreError as error:
            self._kit.sink(StoreTrouble(place=error.place, reason=error.message))
            return self._mark

    async def _deploy(self) -> None:
        try:
            await self.parts.serving.deploy()
        except OSError as error:
            self._kit.sink(NotDeployed(reason=str(error)[:500] or type(error).__name__))
            self._is_deployed = False
            again = timedelta(seconds=_DEPLOY_AGAIN_S)
            self._deploy_again_at = self._kit.clock.now() + again
        else:
            self._is_deployed = True
            self._deploy_again_at = None

    async def _verify_all(self) -> None:
        """What listeners serve at the start, for `cert list`."""
        for name in self.keepers:
            wanted = self.parts.serving.set_of(name)
            if wanted is not None and self._is_deployed:
                await self.parts.serving.verify(wanted, name)
        for watch in self.parts.files:
            if watch.served is not None and self._is_deployed:
                await self.parts.serving.verify(watch.served, watch.name)

    def _warn_of_ephemeral_store(self) -> None:
        reason = self._kit.store.ephemeral_reason
        if reason is not None and self._kit.managed:
            self._kit.sink(
                StoreTrouble(
                    place="store",
                    reason=f"certificates may be gone after a restart: {reason}. "
                    "CAs limit how often the same one is issued: keep it on a disk.",
                )
            )
