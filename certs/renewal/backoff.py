"""How long to leave an issuer alone after a failure."""

import random
from datetime import datetime, timedelta
from typing import Final, assert_never

from msgspec import Struct

from certs.acme.problem import Kind
from certs.renewal.validity import Moment, Validity

_MINUTE_S: Final = 60.0
_DAY_S: Final = 86_400.0
_STEPS_S: Final = (_MINUTE_S, 10 * _MINUTE_S, 100 * _MINUTE_S)
"""Then daily (Let's Encrypt's integration guide)."""
_CAP_OF_LIFETIME: Final = 1 / 24
_JITTER: Final = 0.2
"""Upward only: a wait is never shorter than what the CA asked for."""
_LONGEST_RETRY_AFTER_S: Final = 7 * _DAY_S
_LEAST_S: Final = 1.0
_CLOCK_NOISE: Final = timedelta(minutes=1)


class FailureState(Struct, frozen=True, kw_only=True):
    """Failures in a row of one lineage with one issuer; stored, so that a restart is no way out."""

    count: int
    last_at: Moment
    retry_at: Moment
    kind: Kind


def after_failure(
    before: FailureState | None,
    *,
    kind: Kind,
    retry_after_s: float | None,
    certificate: Validity | None,
    now: datetime,
    rng: random.Random,
) -> FailureState:
    """Count a failure and say when the issuer may be tried again.

    `certificate` is the one to be renewed, None without one. The waits are 1, 10 and 100 minutes,
    then a day, but not more than 1/24 of a lifetime; up to a fifth is added at random. A longer
    Retry-After is obeyed, up to a week (a day, where the CA is just not well) and half of the life
    that is left: one question too many does less harm than an outage.
    """
    count = (before.count if before is not None else 0) + 1
    wait_s = _planned_s(count, kind, certificate, now)
    if retry_after_s is not None:
        wait_s = max(wait_s, min(retry_after_s, _obeyed_s(kind, certificate, now)))
    wait_s = max(_LEAST_S, wait_s) * rng.uniform(1.0, 1.0 + _JITTER)
    return FailureState(
        count=count, last_at=now, retry_at=now + timedelta(seconds=wait_s), kind=kind
    )


def ready_at(failure: FailureState | None, now: datetime) -> datetime:
    """When the issuer may be tried: `now` or later.

    A failure that has yet to happen was written before the clock was put back: it binds nobody.
    """
    if failure is None or now < failure.last_at - _CLOCK_NOISE:
        return now
    return max(now, failure.retry_at)


def _planned_s(count: int, kind: Kind, certificate: Validity | None, now: datetime) -> float:
    cap_s = _DAY_S
    if certificate is not None:
        cap_s = min(cap_s, certificate.lifetime_s * _CAP_OF_LIFETIME)
    step_s = _STEPS_S[count - 1] if count <= len(_STEPS_S) else _DAY_S
    match kind:
        case Kind.CONFIGURATION:
            return cap_s
        case Kind.RATE_LIMITED:
            return min(cap_s, max(step_s, _STEPS_S[-1]))
        case Kind.ORDER:
            return min(cap_s, step_s)
        case Kind.PASSING:
            if certificate is None or certificate.left_s(now) <= 0:
                # Nothing valid is served: a CA that is back is not to be missed by a day, and one
                # that is down does not count attempts.
                return min(cap_s, step_s, _STEPS_S[-1])
            return min(cap_s, step_s)
        case _:
            assert_never(kind)


def _obeyed_s(kind: Kind, certificate: Validity | None, now: datetime) -> float:
    """How much of a Retry-After is obeyed at most."""
    longest_s = _LONGEST_RETRY_AFTER_S if kind is Kind.RATE_LIMITED else _DAY_S
    left_s = certificate.left_s(now) if certificate is not None else 0.0
    return min(longest_s, left_s / 2) if left_s > 0 else longest_s
