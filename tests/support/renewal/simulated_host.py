"""A host that renews by the pure decisions: it forgets everything but what it has stored."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from certs.acme.problem import AcmeProblem, Kind
from certs.renewal import ari, budget, state
from certs.renewal.budget import IssuerBudget
from certs.renewal.decide import Decision, decide, obtain
from certs.renewal.plan import Plan, plan
from certs.renewal.state import LineageState
from certs.renewal.validity import Validity
from tests.support.renewal.simulated_ca import SimulatedCa


@dataclass(slots=True)
class Held:
    """A certificate, who issued it, and when (truly) it was first found due."""

    certificate: Validity
    issuer: str
    due_at: datetime | None = None
    replaced_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class SimulatedHost:
    """Some lineages for the same names. Files are bytes: a pass reads and writes all it knows."""

    cas: Mapping[str, SimulatedCa]
    """By name, in order of preference."""
    lineages: Sequence[str]
    rng: random.Random
    names: frozenset[str] = frozenset({"mail.example.org", "imap.example.org"})
    files: dict[str, bytes] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    history: list[Held] = field(default_factory=list)
    """Every certificate that was ever served, those in `held` too."""
    attempts: int = 0

    def look(self, true_now: datetime, ahead: timedelta = timedelta()) -> datetime:
        """One pass with a clock that is `ahead`; returns the true time of the next one."""
        wakes = [self._look_at(lineage, true_now, ahead) for lineage in self.lineages]
        return min(wakes)

    def _look_at(self, lineage: str, true_now: datetime, ahead: timedelta) -> datetime:
        now = true_now + ahead
        remembered = state.settled(self._state(lineage), now)
        for name in self.cas:
            settled = budget.settled(self._budget(name), now)
            self.files[budget.budget_key(name)] = budget.encode_budget(settled)
        held = self.held.get(lineage)
        if held is not None:
            remembered = self._ask(remembered, held, now, true_now)
        decision = self._decide(held, remembered, now)
        if decision.ari is not None:
            remembered = replace(remembered, ari=decision.ari)
        self._save(lineage, remembered)
        if held is not None and decision.is_due and held.due_at is None and not ahead:
            held.due_at = true_now
        found = self._plan(decision, held, remembered, now)
        if found.attempt_at <= now:
            self._attempt(lineage, found.issuer, now, true_now)
            held, remembered = self.held.get(lineage), self._state(lineage)
            decision = self._decide(held, remembered, now)
            found = self._plan(decision, held, remembered, now)
        wakes = [found.look_again_at]
        if held is not None:
            asked_at = ari.ask_at(remembered.ari, held.certificate, now)
            if asked_at is not None and self.cas[held.issuer].window_of is not None:
                wakes.append(asked_at)
        return max(true_now + timedelta(seconds=1), min(wakes) - ahead)

    def _decide(self, held: Held | None, remembered: LineageState, now: datetime) -> Decision:
        if held is None:
            return obtain("there is none yet", now)
        return decide(held.certificate, remembered.ari, now, self.rng)

    def _plan(
        self, decision: Decision, held: Held | None, remembered: LineageState, now: datetime
    ) -> Plan:
        return plan(
            decision,
            certificate=held.certificate if held is not None else None,
            state=remembered,
            budgets={name: budget.settled(self._budget(name), now) for name in self.cas},
            issuers=tuple(self.cas),
            names=tuple(self.names),
            replaceable_by=self._replaceable_by(held),
            now=now,
        )

    def _ask(
        self, remembered: LineageState, held: Held, now: datetime, true_now: datetime
    ) -> LineageState:
        ca, certificate = self.cas[held.issuer], held.certificate
        at = ari.ask_at(remembered.ari, certificate, now)
        if ca.window_of is None or at is None or at > now:
            return remembered
        try:
            reply = ca.renewal_info(certificate, true_now)
        except AcmeProblem as problem:
            failed = ari.after_error(
                remembered.ari,
                certificate,
                is_passing=problem.kind is not Kind.CONFIGURATION,
                retry_after_s=problem.retry_after_s,
                now=now,
                rng=self.rng,
            )
            return replace(remembered, ari=failed)
        merged = ari.after_reply(remembered.ari, reply, certificate, now=now, rng=self.rng)
        return replace(remembered, ari=merged.state)

    def _attempt(self, lineage: str, issuer: str, now: datetime, true_now: datetime) -> None:
        self.attempts += 1
        held, ca = self.held.get(lineage), self.cas[issuer]
        certificate = held.certificate if held is not None else None
        is_exempt = self._replaceable_by(held) == issuer
        spent = budget.settled(self._budget(issuer), now)
        left = budget.failures_left(spent, self.names, now=now)
        spent = budget.after_order(spent, now=now, is_exempt=is_exempt)
        self.files[budget.budget_key(issuer)] = budget.encode_budget(spent)
        try:
            made = ca.order(
                self.names,
                true_now,
                replaces=certificate.cert_id if is_exempt and certificate is not None else None,
                failures_left=left,
            )
        except AcmeProblem as problem:
            if problem.kind is Kind.ORDER:
                for _ in range(int(problem.detail)):
                    spent = budget.after_failed_authorizations(spent, self.names, now=now)
            if problem.kind is Kind.RATE_LIMITED:
                spent = budget.after_refusal(spent, retry_after_s=problem.retry_after_s, now=now)
            self.files[budget.budget_key(issuer)] = budget.encode_budget(spent)
            failed = state.after_failure(
                self._state(lineage),
                issuer=issuer,
                kind=problem.kind,
                detail=problem.detail,
                retry_after_s=problem.retry_after_s,
                certificate=certificate,
                now=now,
                rng=self.rng,
            )
            self._save(lineage, failed)
            return
        spent = budget.after_issuance(
            spent, self.names, now=now, lifetime_s=made.lifetime_s, is_exempt=is_exempt
        )
        self.files[budget.budget_key(issuer)] = budget.encode_budget(spent)
        if held is not None:
            held.replaced_at = true_now
        self.held[lineage] = Held(made, issuer)
        self.history.append(self.held[lineage])
        self._save(
            lineage,
            state.after_success(self._state(lineage), issuer=issuer, certificate=made, now=now),
        )

    def _replaceable_by(self, held: Held | None) -> str | None:
        if held is None or self.cas[held.issuer].window_of is None:
            return None
        return held.issuer

    def _state(self, lineage: str) -> LineageState:
        found = state.decode_lineage(self.files.get(lineage, b"{}"))
        assert found is not None
        return found

    def _save(self, lineage: str, remembered: LineageState) -> None:
        self.files[lineage] = state.encode_lineage(remembered)

    def _budget(self, issuer: str) -> IssuerBudget:
        found = budget.decode_budget(self.files.get(budget.budget_key(issuer), b"{}"))
        assert found is not None
        return found
