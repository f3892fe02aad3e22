"""How long an issuer is left alone after a failure."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.acme.problem import Kind
from certs.renewal.backoff import FailureState, after_failure, ready_at
from certs.renewal.validity import Validity

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def certificate(lifetime: timedelta, left: timedelta) -> Validity:
    return Validity(cert_id="aki.1", not_before=NOW + left - lifetime, not_after=NOW + left)


CLASSIC = certificate(90 * DAY, 30 * DAY)
SHORT = certificate(160 * HOUR, 80 * HOUR)
EXPIRED = certificate(90 * DAY, -DAY)


def waits(
    count: int,
    *,
    kind: Kind = Kind.PASSING,
    of: Validity | None = CLASSIC,
    retry_after_s: float | None = None,
) -> list[timedelta]:
    state: FailureState | None = None
    found = []
    for _ in range(count):
        state = after_failure(
            state,
            kind=kind,
            retry_after_s=retry_after_s,
            certificate=of,
            now=NOW,
            rng=random.Random(1),
        )
        found.append(state.retry_at - NOW)
    return found


@pytest.mark.parametrize(
    ("kind", "of", "wanted"),
    [
        (Kind.PASSING, CLASSIC, [MINUTE, 10 * MINUTE, 100 * MINUTE, DAY, DAY]),
        (Kind.ORDER, CLASSIC, [MINUTE, 10 * MINUTE, 100 * MINUTE, DAY, DAY]),
        (Kind.ORDER, None, [MINUTE, 10 * MINUTE, 100 * MINUTE, DAY, DAY]),
        (Kind.CONFIGURATION, CLASSIC, [DAY, DAY]),
        (Kind.RATE_LIMITED, CLASSIC, [100 * MINUTE, 100 * MINUTE, 100 * MINUTE, DAY]),
        # 1/24 of 160 hours are 400 minutes.
        (Kind.PASSING, SHORT, [MINUTE, 10 * MINUTE, 100 * MINUTE, 400 * MINUTE, 400 * MINUTE]),
        (Kind.CONFIGURATION, SHORT, [400 * MINUTE]),
        (Kind.PASSING, certificate(HOUR, HOUR / 2), [MINUTE, 2.5 * MINUTE, 2.5 * MINUTE]),
        (Kind.PASSING, certificate(timedelta(seconds=20), HOUR), [timedelta(seconds=1)] * 3),
        # Nothing valid is served: a CA that was down is not left alone for a day.
        (Kind.PASSING, None, [MINUTE, 10 * MINUTE, 100 * MINUTE, 100 * MINUTE]),
        (Kind.PASSING, EXPIRED, [MINUTE, 10 * MINUTE, 100 * MINUTE, 100 * MINUTE]),
        (Kind.ORDER, EXPIRED, [MINUTE, 10 * MINUTE, 100 * MINUTE, DAY]),
    ],
)
def test_the_steps(kind: Kind, of: Validity | None, wanted: list[timedelta]) -> None:
    for found, step in zip(waits(len(wanted), kind=kind, of=of), wanted, strict=True):
        assert step <= found <= step * 1.2


@pytest.mark.parametrize(
    ("kind", "of", "asked", "obeyed"),
    [
        (Kind.PASSING, CLASSIC, 5 * MINUTE, 5 * MINUTE),
        # Upward only.
        (Kind.PASSING, CLASSIC, timedelta(seconds=1), MINUTE),
        (Kind.RATE_LIMITED, CLASSIC, 34 * HOUR, 34 * HOUR),
        (Kind.RATE_LIMITED, SHORT, 34 * HOUR, 34 * HOUR),
        # Beyond what can be meant.
        (Kind.RATE_LIMITED, CLASSIC, 365 * DAY, 7 * DAY),
        (Kind.PASSING, CLASSIC, 365 * DAY, DAY),
        # To obey would be to expire.
        (Kind.RATE_LIMITED, SHORT, 90 * HOUR, 40 * HOUR),
        (Kind.RATE_LIMITED, None, 34 * HOUR, 34 * HOUR),
        (Kind.RATE_LIMITED, EXPIRED, 34 * HOUR, 34 * HOUR),
    ],
)
def test_what_the_ca_asks_for(
    kind: Kind, of: Validity | None, asked: timedelta, obeyed: timedelta
) -> None:
    (found,) = waits(1, kind=kind, of=of, retry_after_s=asked.total_seconds())
    assert obeyed <= found <= obeyed * 1.2


def test_ready() -> None:
    failure = FailureState(count=4, last_at=NOW, retry_at=NOW + DAY, kind=Kind.PASSING)
    assert ready_at(None, NOW) == NOW
    assert ready_at(failure, NOW) == NOW + DAY
    assert ready_at(failure, NOW + 2 * DAY) == NOW + 2 * DAY
    # A second back is what clocks do; a day back is another clock.
    assert ready_at(failure, NOW - timedelta(seconds=1)) == NOW + DAY
    assert ready_at(failure, NOW - DAY) == NOW - DAY


@given(
    count=st.integers(0, 10_000),
    kind=st.sampled_from(Kind),
    lifetime=st.sampled_from([160 * HOUR, 45 * DAY, 90 * DAY]),
    left=st.floats(-1, 1),
    retry_after_s=st.none() | st.floats(0, 86_400.0 * 365),
    seed=st.integers(0, 2**32),
)
def test_what_always_holds(
    count: int,
    kind: Kind,
    lifetime: timedelta,
    left: float,
    retry_after_s: float | None,
    seed: int,
) -> None:
    of = certificate(lifetime, lifetime * left)
    before = FailureState(count=count, last_at=NOW, retry_at=NOW, kind=kind) if count else None
    state = after_failure(
        before,
        kind=kind,
        retry_after_s=retry_after_s,
        certificate=of,
        now=NOW,
        rng=random.Random(seed),
    )
    wait = state.retry_at - NOW
    assert state.count == count + 1
    assert MINUTE <= wait <= 7 * DAY * 1.2
    if retry_after_s is None:
        # A CA that is up for a tenth of the lifetime is found.
        assert wait <= lifetime / 20 + timedelta(seconds=1)
    if of.left_s(NOW) > 0 and wait > lifetime / 20 + timedelta(seconds=1):
        # Whoever is asked to wait still comes back with time left.
        assert wait <= lifetime * left * 0.61 + timedelta(seconds=1)
