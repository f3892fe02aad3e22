"""When a certificate is due, and what people are told about it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.renewal.ari import AriState, Window
from certs.renewal.decide import Action, Decision, decide, obtain
from certs.renewal.validity import Validity

START = datetime(2026, 3, 1, tzinfo=UTC)
CLASSIC, SERVER, SHORT = timedelta(days=90), timedelta(days=45), timedelta(hours=160)
LIFETIMES = (CLASSIC, SERVER, SHORT, timedelta(days=10), timedelta(days=398), timedelta(seconds=40))


def certificate(lifetime: timedelta = CLASSIC, cert_id: str = "aki.serial") -> Validity:
    return Validity(cert_id=cert_id, not_before=START, not_after=START + lifetime)


def told(
    start: timedelta, end: timedelta, *, cert_id: str = "aki.serial", url: str | None = None
) -> AriState:
    return AriState(
        cert_id=cert_id,
        asked_at=START,
        ask_again_at=START + timedelta(hours=6),
        window=Window(start=START + start, end=START + end),
        explanation_url=url,
    )


def decided(
    at: timedelta, *, lifetime: timedelta = CLASSIC, ari: AriState | None = None, seed: int = 0
) -> Decision:
    return decide(certificate(lifetime), ari, START + at, random.Random(seed))


@pytest.mark.parametrize(
    ("lifetime", "fraction", "action"),
    [
        (CLASSIC, 0.64, Action.WAIT),
        (CLASSIC, 0.69, Action.RENEW),
        (SERVER, 0.64, Action.WAIT),
        (SERVER, 0.69, Action.RENEW),
        (timedelta(days=10), 0.64, Action.WAIT),
        (timedelta(days=10), 0.69, Action.RENEW),
        (SHORT, 0.47, Action.WAIT),
        (SHORT, 0.53, Action.RENEW),
        (CLASSIC, 0.949, Action.RENEW),
        (CLASSIC, 0.95, Action.EMERGENCY),
        (SHORT, 0.95, Action.EMERGENCY),
        (CLASSIC, 1.0, Action.EMERGENCY),
        (CLASSIC, 7.0, Action.EMERGENCY),
        # The clock is behind: nothing is due before life begins.
        (CLASSIC, -3.0, Action.WAIT),
    ],
)
def test_by_lifetime(lifetime: timedelta, fraction: float, action: Action) -> None:
    assert decided(lifetime * fraction, lifetime=lifetime).action is action


def test_the_jitter_is_the_same_on_every_call_and_differs_between_certificates() -> None:
    moments = {decided(timedelta(hours=n), seed=n).renew_at for n in range(20)}
    assert len(moments) == 1
    others = {
        decide(certificate(cert_id=f"aki.{n}"), None, START, random.Random(0)).renew_at
        for n in range(20)
    }
    assert len(others) == 20
    assert max(others) - min(others) <= CLASSIC * 0.04


def test_the_window_of_the_ca_wins_over_our_own_rule_in_both_directions() -> None:
    early = told(timedelta(days=1), timedelta(days=2))
    assert decided(timedelta(days=3), ari=early).action is Action.RENEW
    late = told(timedelta(days=80), timedelta(days=81))
    decision = decided(timedelta(days=70), ari=late)
    assert decision.action is Action.WAIT
    assert START + timedelta(days=80) <= decision.renew_at <= START + timedelta(days=81)


def test_one_moment_a_window_is_picked_and_kept() -> None:
    decision = decided(timedelta(days=1), ari=told(timedelta(days=50), timedelta(days=60)))
    assert decision.ari is not None
    assert decision.ari.picked_at == decision.renew_at
    for seed in range(1, 20):
        again = decided(timedelta(days=2), ari=decision.ari, seed=seed)
        assert (again.renew_at, again.ari) == (decision.renew_at, decision.ari)


def test_a_window_without_a_picked_moment_does_not_mean_now() -> None:
    for seed in range(20):
        ari = told(timedelta(days=50), timedelta(days=60))
        assert decided(timedelta(days=1), ari=ari, seed=seed).action is Action.WAIT


def test_a_window_in_the_past_means_now() -> None:
    past = told(timedelta(days=1), timedelta(days=1, hours=1), url="https://ca.example/incident")
    decision = decided(timedelta(days=2), ari=past)
    assert decision.action is Action.RENEW
    assert "https://ca.example/incident" in decision.reason


def test_what_was_said_of_another_certificate_does_not_count() -> None:
    stale = told(timedelta(days=1), timedelta(days=2), cert_id="aki.before")
    decision = decided(timedelta(days=3), ari=stale)
    assert decision.action is Action.WAIT
    assert decision.ari is None
    assert "2/3" in decision.reason


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (timedelta(days=60), timedelta(days=50)),
        (timedelta(days=60), timedelta(days=60)),
        (timedelta(days=85), timedelta(days=91)),
        (timedelta(days=-9), timedelta(days=-8)),
    ],
)
def test_nonsense_that_was_stored_does_not_count(start: timedelta, end: timedelta) -> None:
    decision = decided(timedelta(days=10), ari=told(start, end))
    assert decision.action is Action.WAIT
    assert decision.renew_at == decided(timedelta(days=10)).renew_at


def test_the_last_twentieth_overrules_a_late_window() -> None:
    late = told(timedelta(days=89), timedelta(days=90))
    decision = decided(timedelta(days=70), ari=late)
    assert decision.renew_at == START + CLASSIC * 0.95
    assert "1/20" in decision.reason
    assert decided(CLASSIC * 0.95, ari=late).action is Action.EMERGENCY


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (timedelta(days=1), "2/3 of its life"),
        (timedelta(days=88), "less than 1/20 of its life is left, until 2026-05-30 00:00:00 UTC"),
        (timedelta(days=91), "it expired at 2026-05-30 00:00:00 UTC"),
    ],
)
def test_the_reason_is_words(at: timedelta, words: str) -> None:
    assert words in decided(at).reason


def test_a_missing_certificate_is_obtained_not_renewed() -> None:
    decision = obtain("there is none yet", START)
    assert decision.is_due
    assert decision.action is Action.OBTAIN


WINDOWS = st.tuples(st.floats(-2, 2), st.floats(-2, 2))


@given(
    lifetime=st.sampled_from(LIFETIMES),
    window=st.none() | WINDOWS,
    fraction=st.floats(-1, 3),
    seed=st.integers(0, 2**32),
)
def test_what_always_holds(
    lifetime: timedelta, window: tuple[float, float] | None, fraction: float, seed: int
) -> None:
    ari = told(lifetime * window[0], lifetime * window[1]) if window else None
    now = START + lifetime * fraction
    decision = decided(lifetime * fraction, lifetime=lifetime, ari=ari, seed=seed)
    # Due or not is what the moment says.
    assert decision.is_due == (decision.renew_at <= now)
    # Whatever the CA says, the last twentieth of its life is for renewing.
    assert decision.renew_at <= certificate(lifetime).moment(1 / 20)
    # What is stored leads to the same decision, whatever the dice say then.
    again = decided(lifetime * fraction, lifetime=lifetime, ari=decision.ari, seed=seed + 1)
    assert again == decision


@given(lifetime=st.sampled_from(LIFETIMES), seed=st.integers(0, 2**32))
def test_due_once_is_due_for_ever(lifetime: timedelta, seed: int) -> None:
    rng = random.Random(seed)
    start = rng.uniform(0, 0.9)
    ari = told(lifetime * start, lifetime * rng.uniform(start + 0.01, 0.99))
    known = decide(certificate(lifetime), ari, START, rng).ari
    due = [
        decide(certificate(lifetime), known, START + lifetime * (n / 50), rng).is_due
        for n in range(60)
    ]
    assert due == sorted(due)
