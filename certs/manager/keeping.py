"""One certificate, looked after: is it due, and may it be tried?"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from certs.acme.problem import AcmeProblem, Kind
from certs.events import StoreTrouble, defect_of
from certs.manager.attempt import Attempts, NotServedError
from certs.manager.issuing import life_of
from certs.manager.parts import Parts
from certs.manager.standing import Standing, Standings
from certs.manager.telling import Teller
from certs.renewal import budget as budgets
from certs.renewal.plan import Plan
from certs.renewal.state import LastError, LineageState, after_failure
from certs.renewal.thresholds import to_warn
from certs.spec import Issuer, Lineage, Managed
from certs.store.keys import segment
from certs.store.protocol import Lock, StoreError
from certs.store.unit import Version

__all__ = ["BusyError", "CertificateKeeper", "NotServedError"]

_OTHER_OWNER: Final = timedelta(seconds=30)
"""How soon to look again at what another process is busy with."""
_AGAIN_S: Final = 60.0
_AGAIN_AT_MOST_S: Final = 960.0


class BusyError(StoreError):
    """Another owner works on this certificate."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "this certificate is being worked on, here or by another process",
            place=name,
            remedy="Wait until it is done, and try again.",
        )


class CertificateKeeper:
    """Looks after all key types of one certificate, never two at once.

    Some CAs give the same order to two that ask for the same names.
    """

    def __init__(self, parts: Parts, managed: Managed) -> None:
        self._parts = parts
        self._kit = parts.kit
        self._managed = managed
        self._issuers = tuple(parts.kit.settings.issuers)
        self._standings = Standings(parts, managed)
        self._attempts = Attempts(parts, managed)
        self._tell = Teller(parts.kit)
        self._busy = asyncio.Lock()
        self._stumbles: Counter[Lineage] = Counter()
        """Looks in a row that could not be brought to their end, for no fault of a CA."""
        self._rests: dict[Lineage, float] = {}
        """Until when those are left alone, monotonic: whatever else is a reason to look again.

        What such a look has changed in the store would be one.
        """

    @property
    def name(self) -> str:
        """`Managed.name`."""
        return self._managed.name

    @property
    def lineages(self) -> tuple[Lineage, ...]:
        """One for each key type."""
        return tuple(Lineage(self.name, one) for one in self._managed.key_types)

    async def look(self) -> datetime:
        """Do what is due; when to look again. Failures are told and remembered, not raised."""
        async with self._busy:
            return min([await self._look_at(lineage) for lineage in self.lineages])

    async def renew(self, *, is_forced: bool) -> None:
        """Renew what is due, or whatever is. Raises AcmeProblem, StoreError, NotServedError."""
        async with self._busy:
            for lineage in self.lineages:
                await self._learn(lineage)
                # Who asks may have corrected something: what is due does not wait out its pause.
                is_due = self._standings.at(lineage).decision.is_due
                await self._attempt_if_planned(lineage, is_forced=is_forced or is_due)

    async def adopt(self, lineage: Lineage, version: Version) -> None:
        """Serve a version from elsewhere; the caller holds the certificate (`held`).

        Raises StoreError, NotServedError: then the one before is current again.
        """
        versions = self._parts.versions
        replaced, before = versions.current(lineage), self._parts.books.state(lineage)
        versions.switch(lineage, version.id)
        await self._attempts.serve(lineage, before, replaced)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with the certificate, in all processes. Raises BusyError when another has it."""
        lock = self._lock()
        if lock is None:
            raise BusyError(self.name)
        with lock:
            yield

    def status(self, lineage: Lineage) -> tuple[LineageState, Version | None, Plan]:
        """What is known and planned, without asking anybody. Raises StoreError."""
        standing = self._standings.at(lineage)
        return standing.state, standing.current, self._standings.plan(standing, is_forced=False)

    def waiting(self, lineage: Lineage) -> Version | None:
        """A version newer than the current one that could not be served yet. Raises StoreError."""
        return self._attempts.waiting(lineage, self._parts.versions.current(lineage))

    # --- a look ---

    async def _look_at(self, lineage: Lineage) -> datetime:
        rest_s = self._rests.get(lineage, 0.0) - self._kit.clock.monotonic()
        if rest_s > 0:
            return self._kit.clock.now() + timedelta(seconds=rest_s)
        try:
            await self._tidy(lineage)
            await self._learn(lineage)
            again_at = await self._attempt_if_planned(lineage, is_forced=False)
        except BusyError:
            return self._kit.clock.now() + _OTHER_OWNER
        except StoreError as error:
            self._tell.store_trouble(lineage, error)
            self._remember(lineage, error)
            return self._after_stumble(lineage)
        except (AcmeProblem, NotServedError):
            # Told and remembered: the next look plans after it.
            again_at = self._kit.clock.now()
        except Exception as error:  # noqa: BLE001 - other certificates are not to expire of it
            self._tell.defect(lineage, "looking after it", error)
            return self._after_stumble(lineage)
        self._stumbles.pop(lineage, None)
        return again_at

    def _after_stumble(self, lineage: Lineage) -> datetime:
        rest_s = min(_AGAIN_S * 2.0 ** min(self._stumbles[lineage], 8), _AGAIN_AT_MOST_S)
        self._stumbles[lineage] += 1
        self._rests[lineage] = self._kit.clock.monotonic() + rest_s
        return self._kit.clock.now() + timedelta(seconds=rest_s)

    def _remember(self, lineage: Lineage, error: StoreError) -> None:
        """For `cert list`, if the store can do that much. No issuer has to wait for it."""
        with suppress(StoreError):
            state = self._standings.at(lineage).state
            trouble = LastError(
                at=self._kit.clock.now(),
                issuer=state.issuer or self._issuers[0].name,
                kind=Kind.PASSING,
                detail=str(error)[:500],
            )
            self._parts.books.keep(lineage, replace(state, last_error=trouble))

    async def _tidy(self, lineage: Lineage) -> None:
        """Finish what a crash has left: nothing of it needs a CA."""
        versions = self._parts.versions
        current = versions.current(lineage)
        if current is None:
            return
        place = f"certificates/{lineage.key}/"
        problems = [one for one in versions.problems if one.place.startswith(place)]
        revoked = self._parts.revocations.last(lineage)
        is_tidy = self._parts.issuing.is_finished(self._managed, lineage, current)
        is_over = revoked is not None and revoked.version != current.id
        if is_tidy and not is_over and not problems:
            return
        lock = self._lock()
        if lock is None:
            return
        with lock:
            current = versions.current(lineage)
            if current is None:
                return
            for one in problems:
                self._kit.sink(
                    StoreTrouble(
                        certificate=self.name,
                        key_type=lineage.key_type.value,
                        place=one.place,
                        reason=f"{one.message}. {one.remedy}",
                    )
                )
            if problems:
                versions.switch(lineage, current.id)
            await self._parts.issuing.finish(self._managed, lineage, current)
            await self._attempts.forget_revoked(lineage, current)

    async def _learn(self, lineage: Lineage) -> None:
        """Ask the CA about its window when it is time; tell of a life that comes to its end."""
        standing = self._standings.at(lineage)
        current = standing.current
        if current is None:
            return
        ari = standing.state.ari
        if standing.renewable is not None:
            ari = await self._parts.info.refresh(lineage, ari, current, standing.renewable)
        # While the CA thought, others may have failed, or renewed it: that must not be forgotten.
        standing = self._standings.at(lineage)
        if standing.current is None or standing.current.id != current.id:
            return
        life, now = life_of(current), self._kit.clock.now()
        state = replace(standing.state, ari=ari)
        step = to_warn(life, state.warned, now)
        if step is not None:
            state = replace(state, warned=step)
            self._tell.warn(lineage, life, step, now)
        self._parts.books.keep(lineage, state)

    async def _attempt_if_planned(self, lineage: Lineage, *, is_forced: bool) -> datetime:
        """Attempt what the plan says is to be attempted now; else remember the plan.

        When to look again. Raises what went wrong, after it was told.
        """
        standing = self._standings.at(lineage)
        planned = self._standings.plan(standing, is_forced=is_forced)
        if planned.attempt_at > self._kit.clock.now():
            return self._wait(lineage, standing, planned, is_forced=is_forced)
        with self.held():
            # What was true before may not be so now that the lock is ours: a renewal by another
            # process is only to be served, and its failure is to be waited for.
            standing = self._standings.at(lineage)
            planned = self._standings.plan(standing, is_forced=is_forced)
            if planned.attempt_at > self._kit.clock.now():
                await self._parts.serving.deploy()
                return self._wait(lineage, standing, planned, is_forced=is_forced)
            self._parts.books.keep(lineage, standing.state_with_pick)
            await self._attempt(lineage, standing, planned)
        return self._kit.clock.now()

    def _wait(
        self, lineage: Lineage, standing: Standing, planned: Plan, *, is_forced: bool
    ) -> datetime:
        if is_forced:
            raise AcmeProblem(type="not_now", detail=planned.reason, kind=Kind.RATE_LIMITED)
        self._tell.limited(lineage, standing.state, planned)
        state = replace(
            standing.state_with_pick,
            next_attempt_at=planned.attempt_at,
            next_reason=planned.reason,
        )
        is_served = self._parts.serving.is_served.get(self.name) is not False
        if is_served and not standing.decision.is_due:
            # What failed before was about something else: nothing fails now.
            state = replace(state, failures={})
        self._parts.books.keep(lineage, state)
        return self._standings.next_look(standing, planned)

    # --- an attempt ---

    async def _attempt(self, lineage: Lineage, standing: Standing, planned: Plan) -> None:
        issuer = self._kit.issuer(planned.issuer)
        assert issuer is not None
        self._tell.due(lineage, standing.state, planned, self._issuers[0])
        try:
            await self._attempts.make(lineage, issuer, standing.current)
        except AcmeProblem as problem:
            self._failed(lineage, issuer, problem)
            raise
        except NotServedError as error:
            trouble = AcmeProblem(type="serving", detail=str(error)[:500], kind=Kind.PASSING)
            self._failed(lineage, issuer, trouble)
            raise
        except StoreError:
            raise  # no fault of the issuer's, which need not wait for it
        except Exception as error:
            trouble = AcmeProblem(type="defect", detail=defect_of(error), kind=Kind.PASSING)
            self._failed(lineage, issuer, trouble)
            raise
        current = self._parts.versions.current(lineage)
        if current is not None:
            await self._attempts.forget_revoked(lineage, current, has_forgotten_sessions=True)
        self._parts.versions.prune(lineage)

    def _failed(self, lineage: Lineage, issuer: Issuer, problem: AcmeProblem) -> None:
        """Remember, and tell. Raises StoreError after both: the books know it all the same."""
        books, now = self._parts.books, self._kit.clock.now()
        standing = self._standings.at(lineage)
        state = after_failure(
            standing.state,
            issuer=issuer.name,
            kind=problem.kind,
            detail=str(problem),
            retry_after_s=problem.retry_after_s,
            certificate=standing.renewable,
            now=now,
            rng=self._kit.rng,
        )
        until = state.failures[issuer.name].retry_at
        if problem.kind is Kind.RATE_LIMITED:
            self._tell.refused(lineage, issuer, problem, until)
        self._tell.failed(
            lineage, issuer, problem, failures=state.failure_count, next_attempt_at=until
        )
        try:
            books.keep(lineage, state)
        finally:
            if problem.kind is Kind.RATE_LIMITED:
                budget = books.budget(issuer)
                retry_after_s = problem.retry_after_s
                books.keep_budget(
                    issuer, budgets.after_refusal(budget, retry_after_s=retry_after_s, now=now)
                )

    def _lock(self) -> Lock | None:
        return self._kit.store.lock(f"certificate/{segment(self.name)}")
