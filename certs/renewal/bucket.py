"""A token bucket as a stored value: how a CA counts, so how we count."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from certs.renewal.validity import Moment

_OF_LIFETIME = 34 / 160
"""No token takes longer to come back than this part of a lifetime, so that certificates that live
for minutes (private CAs) can be renewed at all; public ones are not touched by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`capacity` at once, then one each `refill_s`; the last `reserve` are kept for a person."""

    capacity: int
    refill_s: float
    reserve: int = 0


class Bucket(Struct, frozen=True, kw_only=True):
    """How many were spent of it, at a time. Leaks back to zero."""

    spent: float = 0.0
    at: Moment | None = None


def refill_s(limit: Limit, lifetime_s: float | None) -> float:
    """How long a token takes to come back; `lifetime_s` of the certificate it is about."""
    if lifetime_s is None:
        return limit.refill_s
    return min(limit.refill_s, lifetime_s * _OF_LIFETIME)


def spent(bucket: Bucket, limit: Limit, now: datetime, *, lifetime_s: float | None) -> float:
    """What is spent of it by now. A clock that was put back gives nothing back: see `settle`."""
    if bucket.at is None:
        return 0.0
    passed_s = max(0.0, (now - bucket.at).total_seconds())
    return max(0.0, bucket.spent - passed_s / refill_s(limit, lifetime_s))


def settle(bucket: Bucket, now: datetime) -> Bucket:
    """Let what was spent in a future that the clock has left leak from now on.

    The same object when there is nothing to do. Without it, a clock that was a year ahead for a
    minute would hold everything up for a year.
    """
    if bucket.at is None or bucket.at <= now:
        return bucket
    return Bucket(spent=bucket.spent, at=now)


def spend(
    bucket: Bucket, limit: Limit, now: datetime, *, lifetime_s: float | None = None, count: int = 1
) -> Bucket:
    """Take tokens; what is overdrawn is forgotten."""
    after = spent(bucket, limit, now, lifetime_s=lifetime_s) + count
    return Bucket(spent=min(float(limit.capacity), after), at=now)


def free_at(
    bucket: Bucket,
    limit: Limit,
    now: datetime,
    *,
    lifetime_s: float | None = None,
    may_use_reserve: bool = False,
    left_to_others: int = 0,
) -> datetime:
    """When a token may be taken, leaving as many to others beside the reserve: `now` or later."""
    usable = limit.capacity - left_to_others - (0 if may_use_reserve else limit.reserve)
    missing = spent(bucket, limit, now, lifetime_s=lifetime_s) + 1 - usable
    if missing <= 0:
        return now
    return now + timedelta(seconds=missing * refill_s(limit, lifetime_s))
