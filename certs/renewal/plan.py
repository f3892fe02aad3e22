"""From a decision to an attempt: when, and with whom, after back-off, budgets and failover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certs.acme.problem import Kind
from certs.renewal.backoff import FailureState, ready_at
from certs.renewal.bucket import free_at
from certs.renewal.budget import Allowance, IssuerBudget, allowance
from certs.renewal.decide import Decision
from certs.renewal.failover import choose, is_life_short, short_at
from certs.renewal.state import ISSUANCES, LineageState
from certs.renewal.validity import Validity, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The next attempt."""

    attempt_at: datetime
    """`now` or earlier: at once."""
    look_again_at: datetime
    """When to plan anew, not later than `attempt_at`: more is allowed once life runs short."""
    issuer: str
    is_second_choice: bool
    """Life runs short: not the preferred issuer."""
    reason: str
    """Why it is renewed, and what it waits for, in words."""
    limited: str | None
    """The part of `reason` that is about a budget, when the plan is held up by one."""


def plan(
    decision: Decision,
    *,
    certificate: Validity | None,
    state: LineageState,
    budgets: Mapping[str, IssuerBudget],
    issuers: Sequence[str],
    names: Sequence[str],
    replaceable_by: str | None,
    now: datetime,
    is_forced: bool = False,
    is_urgent: bool = False,
) -> Plan:
    """Plan the next attempt of one lineage.

    `certificate` is the one to be renewed, None where `decision` came from `obtain`. `budgets` by
    name of the issuer; one that is not there has spent nothing. `issuers` is not empty and in order
    of preference. `replaceable_by` is the issuer whose order can say that it replaces
    `certificate`: it issued it, from the same account, and offers renewal information.

    `is_forced`, by a person, does not wait until it is due, nor for our own back-off and circuit
    breaker; it does wait for what the CA asked for, and for the CA's limits. `is_urgent`: what is
    served must not be served any longer, so the reserve that is kept for persons may be used.
    """
    if not (decision.is_due or is_forced):
        return Plan(
            attempt_at=decision.renew_at,
            look_again_at=decision.renew_at,
            issuer=issuers[0],
            is_second_choice=False,
            reason=decision.reason,
            limited=None,
        )
    lifetime_s = certificate.lifetime_s if certificate is not None else None
    breaker = Allowance(at=now, reason=None)
    if not is_forced:
        at = free_at(state.issuances, ISSUANCES, now, lifetime_s=lifetime_s)
        if at > now:
            reason = f"it was obtained too often lately; again at {words(at)}"
            breaker = Allowance(at=at, reason=reason)
    has_time = not (is_forced or is_urgent or is_life_short(certificate, now))
    limits: dict[str, Allowance] = {}
    ready: dict[str, datetime] = {}
    for issuer in issuers:
        allowed = allowance(
            budgets.get(issuer, IssuerBudget()),
            names,
            now=now,
            lifetime_s=lifetime_s,
            is_exempt=issuer == replaceable_by,
            is_forced=is_forced or is_urgent,
            has_time=has_time,
        )
        limits[issuer] = max(breaker, allowed, key=lambda one: one.at)
        rested = _rested_at(state.failures.get(issuer), now, is_forced=is_forced)
        ready[issuer] = max(rested, limits[issuer].at)
    choice = choose(issuers, ready, certificate, now)
    reason, limited = decision.reason, None
    if choice.at > now:
        limit = limits[choice.issuer]
        limited = limit.reason if limit.at == choice.at else None
        held_up = limited or f"after a failure it is tried again at {words(choice.at)}"
        reason = f"{reason}; {held_up}"
    look_again_at = choice.at
    if certificate is not None and not is_life_short(certificate, now):
        look_again_at = min(choice.at, short_at(certificate))
    return Plan(
        attempt_at=choice.at,
        look_again_at=look_again_at,
        issuer=choice.issuer,
        is_second_choice=choice.is_second_choice,
        reason=reason,
        limited=limited,
    )


def _rested_at(failure: FailureState | None, now: datetime, *, is_forced: bool) -> datetime:
    if is_forced and failure is not None and failure.kind is not Kind.RATE_LIMITED:
        return now
    return ready_at(failure, now)
