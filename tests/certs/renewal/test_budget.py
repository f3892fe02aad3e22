"""The budgets against a CA's rate limits."""

import random
from datetime import UTC, datetime, timedelta

from certs.renewal.budget import (
    Allowance,
    IssuerBudget,
    after_failed_authorizations,
    after_issuance,
    after_order,
    after_refusal,
    allowance,
    budget_key,
    decode_budget,
    encode_budget,
    failures_left,
    settled,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NAMES = ("mail.example.org", "*.example.org")
LIFETIME_S = 90 * 86_400.0


def allowed(
    budget: IssuerBudget,
    names: tuple[str, ...] = NAMES,
    *,
    at: datetime = NOW,
    is_exempt: bool = False,
    is_forced: bool = False,
) -> Allowance:
    return allowance(
        budget, names, now=at, lifetime_s=LIFETIME_S, is_exempt=is_exempt, is_forced=is_forced
    )


def issued(count: int, names: tuple[str, ...] = NAMES, *, is_exempt: bool = False) -> IssuerBudget:
    budget = IssuerBudget()
    for _ in range(count):
        budget = after_issuance(budget, names, now=NOW, lifetime_s=LIFETIME_S, is_exempt=is_exempt)
    return budget


def test_nothing_is_spent_at_first() -> None:
    assert allowed(IssuerBudget()) == Allowance(at=NOW, reason=None)


def test_four_certificates_for_the_same_names_and_a_fifth_for_a_person() -> None:
    assert allowed(issued(3)).at == NOW
    held_up = allowed(issued(4))
    assert held_up.at == NOW + 34 * HOUR
    assert held_up.reason is not None
    assert "too many certificates for these names lately; again at 2026-03-02 10:00" in (
        held_up.reason
    )
    assert allowed(issued(4), is_forced=True).at == NOW
    # To force is no way around the CA's limit.
    assert allowed(issued(5), is_forced=True).at == NOW + 34 * HOUR


def test_the_same_names_in_another_order_are_the_same_names() -> None:
    assert allowed(issued(4), NAMES[::-1]).at > NOW
    assert allowed(issued(4), NAMES[:1]).at == NOW


def test_an_order_that_replaces_is_exempt() -> None:
    assert allowed(issued(4), is_exempt=True).at == NOW
    assert issued(4, is_exempt=True) == IssuerBudget()
    assert after_order(IssuerBudget(), now=NOW, is_exempt=True) == IssuerBudget()


def test_failed_authorizations_are_counted_by_identifier() -> None:
    budget = IssuerBudget()
    for _ in range(4):
        budget = after_failed_authorizations(budget, ["mail.example.org"], now=NOW)
    held_up = allowed(budget)
    assert held_up.at == NOW + 12 * MINUTE
    assert "control of mail.example.org failed too often" in (held_up.reason or "")
    assert allowed(budget, ("other.example.org",)).at == NOW
    assert failures_left(budget, NAMES, now=NOW) == 1
    assert failures_left(budget, ("other.example.org",), now=NOW) == 5
    # Not even an order that replaces goes on failing.
    assert allowed(budget, is_exempt=True).at > NOW


def test_a_wildcard_fails_with_its_parent() -> None:
    budget = IssuerBudget()
    for _ in range(4):
        budget = after_failed_authorizations(budget, ["*.example.org"], now=NOW)
    assert allowed(budget, ("example.org",)).at > NOW


def test_orders_are_counted_by_issuer() -> None:
    budget = IssuerBudget()
    for _ in range(250):
        assert allowed(budget).at == NOW
        budget = after_order(budget, now=NOW, is_exempt=False)
    assert allowed(budget).at == NOW + timedelta(seconds=36)
    assert allowed(budget, is_forced=True).at == NOW


def test_a_refused_issuer_is_left_alone_by_everybody_for_an_hour_at_most() -> None:
    budget = after_refusal(IssuerBudget(), retry_after_s=600.0, now=NOW)
    assert allowed(budget, is_forced=True, is_exempt=True).at == NOW + 10 * MINUTE
    assert allowed(budget, at=NOW + 10 * MINUTE).at == NOW + 10 * MINUTE
    # The longest holds.
    budget = after_refusal(budget, retry_after_s=None, now=NOW + MINUTE)
    assert allowed(budget, at=NOW + MINUTE).at == NOW + 10 * MINUTE
    budget = after_refusal(budget, retry_after_s=86_400.0, now=NOW)
    assert allowed(budget).at == NOW + HOUR


def test_a_clock_that_was_put_back_does_not_hold_anything_up_for_long() -> None:
    ahead = NOW + 365 * DAY
    budget = after_refusal(issued(1), retry_after_s=3600.0, now=ahead)
    for _ in range(5):
        budget = after_issuance(budget, NAMES, now=ahead, lifetime_s=None, is_exempt=False)
    assert allowed(settled(budget, NOW)).at == NOW + 68 * HOUR


def test_it_survives_a_restart_and_does_not_grow() -> None:
    budget = after_refusal(
        after_order(issued(2), now=NOW, is_exempt=False), retry_after_s=9, now=NOW
    )
    budget = after_failed_authorizations(budget, ["mail.example.org"], now=NOW)
    assert decode_budget(encode_budget(budget)) == budget
    rng, now = random.Random(1), NOW
    for n in range(500):
        now += HOUR
        names = (f"{n}.example.org",)
        budget = after_issuance(
            budget, names, now=now, lifetime_s=LIFETIME_S, is_exempt=rng.random() < 0.1
        )
        budget = after_failed_authorizations(budget, names, now=now)
    assert len(encode_budget(budget)) < 8_000


def test_one_that_cannot_be_understood() -> None:
    assert decode_budget(b"") is None
    assert decode_budget(b"{}") == IssuerBudget()
    assert decode_budget(b'{"orders":{"spent":1,"at":"2026-03-01T00:00:00"}}') is None
    assert budget_key("letsencrypt") == "budgets/letsencrypt.json"
