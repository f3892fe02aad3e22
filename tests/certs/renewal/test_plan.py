"""When the next attempt is, with whom, and what it waits for."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from certs.acme.problem import Kind
from certs.renewal.budget import IssuerBudget, after_issuance, after_refusal
from certs.renewal.decide import Decision, decide, obtain
from certs.renewal.plan import Plan, plan
from certs.renewal.state import LineageState, after_failure, after_success
from certs.renewal.validity import Validity

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = ("mail.example.org",)


def certificate(left: float) -> Validity:
    end = NOW + 90 * DAY * left
    return Validity(cert_id="aki.1", not_before=end - 90 * DAY, not_after=end)


def planned(
    left: float | None,
    state: LineageState | None = None,
    *,
    budget: IssuerBudget | None = None,
    issuers: Sequence[str] = ("first",),
    replaceable_by: str | None = None,
    is_forced: bool = False,
    is_urgent: bool = False,
) -> Plan:
    held = certificate(left) if left is not None else None
    return plan(
        decision(held),
        certificate=held,
        state=state or LineageState(),
        budgets={"first": budget} if budget else {},
        issuers=issuers,
        names=NAMES,
        replaceable_by=replaceable_by,
        now=NOW,
        is_forced=is_forced,
        is_urgent=is_urgent,
    )


def decision(held: Validity | None) -> Decision:
    if held is None:
        return obtain("there is none yet", NOW)
    return decide(held, None, NOW, random.Random(1))


def failed(
    kind: Kind, *, left: float | None = 0.3, times: int = 1, retry_after_s: float | None = None
) -> LineageState:
    state = LineageState()
    for _ in range(times):
        state = after_failure(
            state,
            issuer="first",
            kind=kind,
            detail="no",
            retry_after_s=retry_after_s,
            certificate=certificate(left) if left is not None else None,
            now=NOW,
            rng=random.Random(1),
        )
    return state


def test_not_due() -> None:
    found = planned(0.9)
    assert found.attempt_at == decision(certificate(0.9)).renew_at
    assert "2/3 of its life" in found.reason


def test_due() -> None:
    assert planned(0.3).attempt_at == NOW
    assert planned(None).reason == "there is none yet"


def test_after_a_failure() -> None:
    found = planned(0.3, failed(Kind.PASSING, times=4))
    assert DAY <= found.attempt_at - NOW <= 1.2 * DAY
    assert "after a failure it is tried again at" in found.reason
    assert found.limited is None
    assert found.look_again_at == found.attempt_at


def test_once_life_runs_short_it_is_planned_anew() -> None:
    found = planned(0.17, failed(Kind.RATE_LIMITED, left=0.17, retry_after_s=5 * 86_400.0))
    assert found.attempt_at >= NOW + 5 * DAY
    assert NOW < found.look_again_at == certificate(0.17).moment(1 / 6) < NOW + DAY


def test_a_person_need_not_wait_for_our_own_patience() -> None:
    assert planned(0.9, is_forced=True).attempt_at == NOW
    assert planned(0.3, failed(Kind.PASSING, times=4), is_forced=True).attempt_at == NOW
    asked_to_wait = failed(Kind.RATE_LIMITED, retry_after_s=7200.0)
    assert planned(0.3, asked_to_wait, is_forced=True).attempt_at >= NOW + 2 * HOUR


def test_the_circuit_breaker() -> None:
    """Something makes it renew again and again, a window that is always past for instance."""
    state = LineageState()
    for _ in range(2):
        assert planned(0.3, state).attempt_at == NOW
        state = after_success(state, issuer="first", certificate=certificate(1), now=NOW)
    found = planned(0.3, state, replaceable_by="first")
    assert found.attempt_at == NOW + DAY
    assert found.limited is not None
    assert "obtained too often" in found.reason
    assert planned(0.3, state, is_forced=True).attempt_at == NOW


def test_a_budget_and_its_exemption() -> None:
    budget = IssuerBudget()
    for _ in range(4):
        budget = after_issuance(budget, NAMES, now=NOW, lifetime_s=90 * 86_400.0, is_exempt=False)
    # One is left to another key type of the same names, whose life may be running short.
    assert planned(0.3, budget=budget).attempt_at == NOW + 68 * HOUR
    assert planned(0.1, budget=budget).attempt_at == NOW + 34 * HOUR
    assert planned(0.3, budget=budget, replaceable_by="first").attempt_at == NOW
    assert planned(0.3, budget=budget, is_forced=True).attempt_at == NOW
    # It was revoked: that is what the reserve is for, too.
    assert planned(None, budget=budget).attempt_at > NOW
    assert planned(None, budget=budget, is_urgent=True).attempt_at == NOW


def test_the_next_issuer_when_life_runs_short() -> None:
    both = ("first", "second")
    rested = failed(Kind.PASSING, times=5)
    assert planned(0.3, rested, issuers=both).issuer == "first"
    short = planned(0.1, rested, issuers=both)
    assert (short.issuer, short.attempt_at, short.is_second_choice) == ("second", NOW, True)
    # A CA that said not to come is left alone, not waited for.
    refused = after_refusal(IssuerBudget(), retry_after_s=600.0, now=NOW)
    assert planned(None, budget=refused, issuers=both).issuer == "second"
