"""The loop: every certificate in its time, what others have changed, and clocks that jump."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certs.events import ClockJumped, Defect, StoreTrouble, defect_of
from certs.manager.checking import Checking
from certs.manager.keeping import CertificateKeeper
from certs.manager.kit import ManagerKit
from certs.manager.parts import Parts
from certs.manager.revocations import REVOKED
from certs.manager.watching import FilesSource, FilesWatch
from certs.select import CertificateSet
from certs.store.protocol import StoreError

_JUMP_S: Final = 60.0
_AT_ONCE: Final = 2
"""Certificates that are looked after at the same time: CAs ask for small runs, not for bursts."""
_DEPLOY_AGAIN_S: Final = 30.0
_DEPLOY_AGAIN_AT_MOST_S: Final = 960.0
_AFTER_DEFECT: Final = timedelta(minutes=16)
_LOOK_S: Final = 2 * 3600.0
"""Longer than all that has a deadline of its own takes: orders of every kind of key, their proofs.
What was begun is taken up again."""


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
        look_deadline_s: float = _LOOK_S,
    ) -> None:
        """`files_served` are what was loaded of `files` already, one each; `others` never change.

        `tick_s`: how often the store and the files are looked at for changes by others.
        `look_deadline_s`: how long a certificate may keep the others waiting.
        """
        served = files_served or [None] * len(files)
        watches = [
            FilesWatch(source, one, clock=kit.clock, sink=kit.sink)
            for source, one in zip(files, served, strict=True)
        ]
        self._kit = kit
        self._tick_s = tick_s
        self._look_deadline_s = look_deadline_s
        self.parts = Parts(kit, files=watches, others=others)
        self.parts.on_change = self.wake
        self.keepers = {one.name: CertificateKeeper(self.parts, one) for one in kit.managed}
        self._checking = Checking(self.parts)
        self._is_checking = False
        self._due_at: dict[str, datetime] = {}
        self._running: set[str] = set()
        self._plans = 0
        """Grows when all plans are given up: what a look that began before plans is void."""
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._woken = asyncio.Event()
        self._deployed_mark = ""
        self._planned_mark = ""
        self._deploy_again = 0.0
        self._deploy_wait_s = _DEPLOY_AGAIN_S
        self._trouble: str | None = None

    async def run(self) -> None:
        """Until cancelled. What fails is told and tried again; nothing is raised."""
        clock = self._kit.clock
        ticks = _Ticks(clock.now(), clock.monotonic())
        self._warn_of_ephemeral_store()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.parts)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            while True:
                jumped_s = ticks.jumped_s(clock.now(), clock.monotonic())
                if abs(jumped_s) > _JUMP_S:
                    self._kit.sink(ClockJumped(seconds=round(jumped_s, 1)))
                    self._plan_anew()
                    self._checking.soon()
                try:
                    await self._serve_changes()
                    self._start_due(tasks)
                except Exception as error:  # noqa: BLE001 - certificates are not to expire of it
                    self._kit.sink(Defect(what="noticing changes", error=defect_of(error)))
                    await clock.sleep(self._tick_s)
                await self._rest()

    def wake(self) -> None:
        """Look at everything now: a command has changed something."""
        self._plan_anew()
        self._woken.set()

    # --- looking after certificates ---

    def _plan_anew(self) -> None:
        self._plans += 1
        self._due_at.clear()

    def _start_due(self, tasks: asyncio.TaskGroup) -> None:
        now = self._kit.clock.now()
        for name, keeper in self.keepers.items():
            if name not in self._running and self._due_at.get(name, now) <= now:
                self._running.add(name)
                tasks.create_task(self._look(keeper), name=f"certificate {name}")
        if self._checking.is_time and not self._is_checking:
            self._is_checking = True
            tasks.create_task(self._check(), name="look at listeners")

    async def _look(self, keeper: CertificateKeeper) -> None:
        plans, again_at = self._plans, None
        try:
            async with self._places, asyncio.timeout(self._look_deadline_s):
                again_at = await keeper.look()
        except Exception as error:  # noqa: BLE001 - other certificates are not to expire of it
            self._kit.sink(
                Defect(certificate=keeper.name, what="looking after it", error=defect_of(error))
            )
            again_at = self._kit.clock.now() + _AFTER_DEFECT
        finally:
            if again_at is not None and plans == self._plans:
                self._due_at[keeper.name] = again_at
            self._running.discard(keeper.name)
            self._woken.set()

    async def _check(self) -> None:
        try:
            await self._checking.check()
        except Exception as error:  # noqa: BLE001 - as above
            self._kit.sink(Defect(what="looking at listeners", error=defect_of(error)))
            self._checking.put_off(_AFTER_DEFECT.total_seconds())
        finally:
            self._is_checking = False
            self._woken.set()

    async def _rest(self) -> None:
        """Until the next tick, or something that has a time of its own before it."""
        now = self._kit.clock.now()
        idle = [name for name in self.keepers if name not in self._running]
        waits = [(self._due_at.get(name, now) - now).total_seconds() for name in idle]
        if not self._is_checking:
            waits.append(self._checking.rest_s)
        if self.parts.serving.is_behind:
            waits.append(self._deploy_again - self._kit.clock.monotonic())
        rest_s = max(0.0, min([self._tick_s, *waits]))
        async with asyncio.TaskGroup() as either:
            sleep = either.create_task(self._kit.clock.sleep(rest_s), name="tick")
            woken = either.create_task(self._woken.wait(), name="woken")
            await asyncio.wait([sleep, woken], return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
            woken.cancel()
        self._woken.clear()

    # --- what others have changed ---

    async def _serve_changes(self) -> None:
        changed = [watch for watch in self.parts.files if watch.look()]
        mark = self._watch()
        is_changed = mark != self._deployed_mark
        if not self._running:
            if mark != self._planned_mark:
                # Another process, or a command, has stored something: it may be due no longer,
                # or now.
                self._plan_anew()
            self._planned_mark = mark
        serving, now = self.parts.serving, self._kit.clock.monotonic()
        was_behind = serving.is_behind
        is_time = was_behind and now >= self._deploy_again
        if changed or is_changed or is_time:
            self._deployed_mark = mark
            if await serving.deploy():
                self._deploy_wait_s = _DEPLOY_AGAIN_S
                # A look of their own is taken by those who renew: this is for what others did.
                if was_behind or (is_changed and not self._running):
                    self._checking.soon()
            else:
                self._deploy_again = now + self._deploy_wait_s
                self._deploy_wait_s = min(self._deploy_wait_s * 2, _DEPLOY_AGAIN_AT_MOST_S)
        for watch in changed:
            await self._verify(watch)

    async def _verify(self, watch: FilesWatch) -> None:
        """Serve what was served before when the new files are not."""
        serving = self.parts.serving
        if watch.served is None or serving.is_behind:
            return
        if await serving.verify(watch.served, watch.name) and watch.take_back():
            await serving.deploy()

    def _watch(self) -> str:
        store = self._kit.store
        try:
            mark = f"{store.watch('certificates')} {store.watch(REVOKED)}"
        except StoreError as error:
            if self._trouble != str(error):
                self._trouble = str(error)
                self._kit.sink(StoreTrouble(place=error.place, reason=error.message))
            return self._deployed_mark
        self._trouble = None
        return mark

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
