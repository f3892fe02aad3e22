"""One certificate, looked after: is it due, may it be tried, and was it served in the end?"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from msgspec.structs import replace

from certs.acme.problem import AcmeProblem, Kind
from certs.events import (
    Due,
    Expired,
    Expiring,
    Failed,
    IssuerChanged,
    NotDeployed,
    RateLimited,
    StoreTrouble,
)
from certs.manager.books import wanted_digest
from certs.manager.issuing import life_of
from certs.manager.parts import Parts
from certs.renewal import budget as budgets
from certs.renewal.decide import Decision, decide, obtain
from certs.renewal.plan import Plan, plan
from certs.renewal.state import LineageState, adopt, after_failure
from certs.renewal.thresholds import EXPIRED, FRACTIONS, to_warn
from certs.renewal.validity import Validity
from certs.spec import Issuer, KeyType, Lineage, Managed
from certs.store.protocol import Lock, StoreError
from certs.store.unit import Version

_OTHER_OWNER = timedelta(seconds=30)
"""How soon to look again at what another process is busy with."""
_STORE_AGAIN = timedelta(minutes=1)
_FAR = timedelta(days=1)


class NotServedError(Exception):
    """The new version is stored, but listeners go on to serve another one."""


class CertificateKeeper:
    """Looks after all key types of one certificate, never two at once.

    Some CAs give the same order to two that ask for the same names.
    """

    def __init__(self, parts: Parts, managed: Managed) -> None:
        self._parts = parts
        self._kit = parts.kit
        self._managed = managed
        self._issuers = tuple(parts.kit.settings.issuers)
        self._wanted = wanted_digest(managed, self._issuers)
        self._busy = asyncio.Lock()

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
            moments = [await self._look_at(lineage) for lineage in self.lineages]
            return min(moments)

    async def renew(self, *, is_forced: bool) -> None:
        """Renew what is due, or whatever is. Raises AcmeProblem, StoreError, NotServedError."""
        async with self._busy:
            for lineage in self.lineages:
                state, current, decision = await self._decide(lineage)
                planned = self._plan(state, current, decision, is_forced=is_forced)
                if planned.attempt_at <= self._kit.clock.now():
                    await self._attempt(lineage, state, current, planned)
                elif is_forced:
                    raise AcmeProblem(type="not_now", detail=planned.reason, kind=Kind.RATE_LIMITED)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone with the certificate, in all processes. Raises StoreError when another has it."""
        lock = self._lock()
        if lock is None:
            raise StoreError(
                "another process is busy with this certificate",
                place=self.name,
                remedy="Wait until it is done, and try again.",
            )
        with lock:
            yield

    def status(self, lineage: Lineage) -> tuple[LineageState, Version | None, Plan]:
        """What is known and planned, without asking anybody. Raises StoreError."""
        state = self._parts.books.state(lineage)
        current = self._parts.versions.current(lineage)
        decision = self._decision(lineage, state, current)
        return state, current, self._plan(state, current, decision, is_forced=False)

    # --- one lineage ---

    async def _look_at(self, lineage: Lineage) -> datetime:
        try:
            state, current, decision = await self._decide(lineage)
            planned = self._plan(state, current, decision, is_forced=False)
            now = self._kit.clock.now()
            if planned.attempt_at > now:
                self._parts.books.keep(
                    lineage,
                    replace(state, next_attempt_at=planned.attempt_at, next_reason=planned.reason),
                )
                return self._next_look(state, current, planned, now)
            await self._attempt(lineage, state, current, planned)
        except StoreError as error:
            self._store_trouble(lineage.key_type, error)
            return self._kit.clock.now() + _STORE_AGAIN
        except _Busy:
            return self._kit.clock.now() + _OTHER_OWNER
        except (AcmeProblem, NotServedError):
            pass  # told and remembered; the next look plans after it
        except OSError as error:
            self._kit.sink(NotDeployed(certificate=self.name, reason=str(error)[:500]))
            return self._kit.clock.now() + _STORE_AGAIN
        return self._kit.clock.now()

    async def _decide(self, lineage: Lineage) -> tuple[LineageState, Version | None, Decision]:
        """Where things stand, after asking the CA about its window when it is time."""
        books = self._parts.books
        current = self._parts.versions.current(lineage)
        state = adopt(books.state(lineage), self._wanted)
        life = self._life(current)
        if current is not None and life is not None:
            state = await self._parts.info.refresh(lineage, state, current, life)
            state = self._warn(lineage, state, life)
        decision = self._decision(lineage, state, current)
        if decision.ari is not None and decision.ari != state.ari:
            state = replace(state, ari=decision.ari)
        books.keep(lineage, state)
        return state, current, decision

    def _decision(self, lineage: Lineage, state: LineageState, current: Version | None) -> Decision:
        now = self._kit.clock.now()
        if current is None:
            return obtain("there is none yet", now)
        revoked = self._parts.revocations.of(lineage, current.id)
        if revoked is not None:
            return obtain(f"it was revoked ({revoked.reason})", now)
        if set(current.certificate.names) != set(self._managed.names):
            return obtain("it is for other names than are wanted now", now)
        if current.meta.is_staging and current.meta.directory != self._issuers[0].directory:
            return obtain("it is from the CA's test system", now)
        return decide(life_of(current), state.ari, now, self._kit.rng)

    def _life(self, current: Version | None) -> Validity | None:
        """Of a version that is to be renewed, not obtained anew."""
        if current is None or set(current.certificate.names) != set(self._managed.names):
            return None
        return life_of(current)

    def _plan(
        self,
        state: LineageState,
        current: Version | None,
        decision: Decision,
        *,
        is_forced: bool,
    ) -> Plan:
        info = self._parts.info
        by = info.issuer_of(current) if current is not None and state.ari is not None else None
        has_window = state.ari is not None and state.ari.window is not None
        return plan(
            decision,
            certificate=self._life(current),
            state=state,
            budgets=self._parts.books.budgets(self._issuers),
            issuers=[one.name for one in self._issuers],
            names=self._managed.names,
            replaceable_by=by.name if by is not None and has_window else None,
            now=self._kit.clock.now(),
            is_forced=is_forced,
        )

    def _next_look(
        self, state: LineageState, current: Version | None, planned: Plan, now: datetime
    ) -> datetime:
        moments = [planned.attempt_at, now + _FAR]
        life = self._life(current)
        if current is not None and life is not None:
            asked_at = self._parts.info.next_at(state, current, life)
            moments += [asked_at] if asked_at is not None else []
            moments += [at for one in FRACTIONS if (at := life.moment(one)) > now]
        return min(moments)

    # --- an attempt ---

    async def _attempt(
        self, lineage: Lineage, state: LineageState, current: Version | None, planned: Plan
    ) -> None:
        """Obtain, store, serve, and look. Raises what went wrong, after it was told."""
        lock = self._lock()
        if lock is None:
            raise _Busy
        with lock:
            if _id(self._parts.versions.current(lineage)) != _id(current):
                # Somebody else was faster: what they did is only to be served.
                await self._parts.serving.deploy()
                return
            issuer = self._kit.issuer(planned.issuer)
            assert issuer is not None
            self._announce(lineage, state, planned)
            try:
                await self._obtain_and_serve(lineage, issuer, current)
            except AcmeProblem as problem:
                self._failed(lineage, issuer, problem)
                raise
            except StoreError as error:
                self._store_trouble(lineage.key_type, error)
                trouble = AcmeProblem(type="store", detail=str(error)[:500], kind=Kind.PASSING)
                self._failed(lineage, issuer, trouble)
                raise
            except NotServedError as error:
                trouble = AcmeProblem(type="serving", detail=str(error)[:500], kind=Kind.PASSING)
                self._failed(lineage, issuer, trouble)
                raise

    async def _obtain_and_serve(
        self, lineage: Lineage, issuer: Issuer, current: Version | None
    ) -> None:
        parts = self._parts
        revoked = parts.revocations.of(lineage, current.id) if current is not None else None
        is_key_lost = revoked is not None and revoked.is_key_lost
        waiting = self._not_served_yet(lineage, current)
        if waiting is not None:
            parts.versions.switch(lineage, waiting.id)
        else:
            challenges = await parts.preflight.challenges(self._managed)
            await parts.issuing.obtain(
                self._managed,
                lineage,
                issuer,
                challenges,
                current=current,
                is_key_lost=is_key_lost,
            )
        await parts.serving.deploy(forget_sessions=is_key_lost)
        wanted = parts.serving.set_of(self.name)
        assert wanted is not None
        wrong = await parts.serving.verify(wanted, self.name)
        if wrong and current is not None and self._is_still_good(lineage, current):
            parts.versions.switch(lineage, current.id)
            await parts.serving.deploy()
        if wrong:
            raise NotServedError(f"{wrong[0].listener}: {wrong[0].reason}")
        parts.versions.prune(lineage)

    def _not_served_yet(self, lineage: Lineage, current: Version | None) -> Version | None:
        """A newer version that could not be served the last time: it is not ordered again."""
        newest = next(iter(self._parts.versions.list(lineage)), None)
        if newest is None or current is None or newest.id <= current.id:
            return None
        if self._parts.revocations.of(lineage, newest.id) is not None:
            return None
        certificate = newest.certificate
        now = self._kit.clock.now()
        is_wanted = set(certificate.names) == set(self._managed.names)
        is_due = decide(life_of(newest), None, now, self._kit.rng).is_due
        return newest if is_wanted and not is_due and certificate.not_before <= now else None

    def _is_still_good(self, lineage: Lineage, version: Version) -> bool:
        is_revoked = self._parts.revocations.of(lineage, version.id) is not None
        return not is_revoked and self._kit.clock.now() < version.certificate.not_after

    def _lock(self) -> Lock | None:
        return self._kit.store.lock(f"certificate/{self.lineages[0].key}")

    # --- what is told ---

    def _announce(self, lineage: Lineage, state: LineageState, planned: Plan) -> None:
        key_type = lineage.key_type.value
        before = state.issuer or self._issuers[0].name
        self._kit.sink(Due(certificate=self.name, key_type=key_type, reason=planned.reason))
        if planned.is_second_choice and before != planned.issuer:
            self._kit.sink(
                IssuerChanged(
                    certificate=self.name,
                    key_type=key_type,
                    issuer=planned.issuer,
                    before=before,
                    reason=state.last_error.detail if state.last_error else planned.reason,
                )
            )

    def _warn(self, lineage: Lineage, state: LineageState, life: Validity) -> LineageState:
        now = self._kit.clock.now()
        step = to_warn(life, state.warned, now)
        if step is None:
            return state
        key_type = lineage.key_type.value
        if step.fraction == EXPIRED:
            event: Expired | Expiring = Expired(
                certificate=self.name, key_type=key_type, not_after=life.not_after
            )
        else:
            event = Expiring(
                certificate=self.name,
                key_type=key_type,
                not_after=life.not_after,
                fraction_left=round(life.fraction_left(now), 3),
            )
        self._kit.sink(event)
        return replace(state, warned=step)

    def _failed(self, lineage: Lineage, issuer: Issuer, problem: AcmeProblem) -> None:
        books = self._parts.books
        now = self._kit.clock.now()
        state = after_failure(
            books.state(lineage),
            issuer=issuer.name,
            kind=problem.kind,
            detail=str(problem),
            retry_after_s=problem.retry_after_s,
            certificate=self._life(self._parts.versions.current(lineage)),
            now=now,
            rng=self._kit.rng,
        )
        books.keep(lineage, state)
        until = state.failures[issuer.name].retry_at
        if problem.kind is Kind.RATE_LIMITED:
            budget = budgets.after_refusal(
                books.budget(issuer), retry_after_s=problem.retry_after_s, now=now
            )
            books.keep_budget(issuer, budget)
            self._kit.sink(
                RateLimited(
                    certificate=self.name, issuer=issuer.name, reason=str(problem), until=until
                )
            )
        self._kit.sink(
            Failed(
                certificate=self.name,
                key_type=lineage.key_type.value,
                issuer=issuer.name,
                kind=problem.kind.value,
                reason=_with_subproblems(problem),
                failures=state.failure_count,
                next_attempt_at=until,
            )
        )

    def _store_trouble(self, key_type: KeyType, error: StoreError) -> None:
        self._kit.sink(
            StoreTrouble(
                certificate=self.name,
                key_type=key_type.value,
                place=error.place,
                reason=f"{error.message}. {error.remedy}",
            )
        )


class _Busy(Exception):  # noqa: N818 - no error: somebody else does it
    """Another owner works on this certificate."""


def _id(version: Version | None) -> str | None:
    return version.id if version is not None else None


def _with_subproblems(problem: AcmeProblem) -> str:
    details = [f"{one.identifier or '-'}: {one.detail}" for one in problem.subproblems]
    text = "; ".join([str(problem), *details])
    if problem.retry_after_s is not None:
        text += f"; not before {problem.retry_after_s:.0f} s from then"
    return text[:500]
