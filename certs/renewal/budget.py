"""What is spent of an issuer's rate limits, so that no limit of the CA is ever run into.

The numbers are Let's Encrypt's; other CAs are at least as generous or say so with a Retry-After.
Orders that name the certificate they replace (RFC 9773) are exempt from them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certs.renewal.bucket import Bucket, Limit, free_at, settle, spend, spent
from certs.renewal.validity import Moment, words
from certs.store.keys import segment

_HOUR_S: Final = 3600.0

ORDERS: Final = Limit(capacity=300, refill_s=36, reserve=50)
"""New orders of one account."""
DUPLICATES: Final = Limit(capacity=5, refill_s=34 * _HOUR_S, reserve=1)
"""Certificates for exactly the same identifiers, whatever their key type and account."""
FAILED_AUTHORIZATIONS: Final = Limit(capacity=5, refill_s=720, reserve=1)
"""Of one identifier and account."""

_LONGEST_REST_S: Final = _HOUR_S
_CLOCK_NOISE: Final = timedelta(minutes=1)


class IssuerBudget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all lineages together have spent with one issuer; stored at `budget_key`."""

    orders: Bucket = Bucket()
    duplicates: dict[str, Bucket] = {}
    """By digest of the identifiers."""
    failed: dict[str, Bucket] = {}
    """By identifier."""
    rests_from: Moment | None = None
    rests_until: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """When an order may be made. `reason` says what it waits for; None: it need not wait."""

    at: datetime
    reason: str | None


def budget_key(issuer_name: str) -> str:
    """Where an issuer's budget is in a store."""
    return f"budgets/{segment(issuer_name)}.json"


def decode_budget(raw: bytes) -> IssuerBudget | None:
    """Read a stored one; None when it cannot be understood."""
    try:
        return msgspec.json.decode(raw, type=IssuerBudget)
    except msgspec.DecodeError:
        return None


def encode_budget(budget: IssuerBudget) -> bytes:
    """Write one, to be stored."""
    return msgspec.json.encode(budget)


def settled(budget: IssuerBudget, now: datetime) -> IssuerBudget:
    """Bring what was written before the clock was put back to the present.

    On every pass; to be stored when it differs.
    """
    return replace(
        budget,
        orders=settle(budget.orders, now),
        duplicates={key: settle(bucket, now) for key, bucket in budget.duplicates.items()},
        failed={key: settle(bucket, now) for key, bucket in budget.failed.items()},
    )


def allowance(
    budget: IssuerBudget,
    names: Iterable[str],
    *,
    now: datetime,
    lifetime_s: float | None,
    is_exempt: bool,
    is_forced: bool = False,
    has_time: bool = False,
) -> Allowance:
    """Say when an order for `names` (identifiers) may be made.

    `lifetime_s` of the certificate to be renewed, None without one. `is_exempt`: the order will
    say `replaces`. `is_forced`: a person wants it, so the reserve may be used; nothing more may.
    `has_time`: a renewal as planned, which leaves the last certificate for these names to another
    key type whose life runs short.
    """
    identifiers = tuple(names)
    found = [Allowance(at=now, reason=None)]
    if _is_resting(budget, now):
        assert budget.rests_until is not None
        found.append(Allowance(at=budget.rests_until, reason="the CA asked us to wait"))
    if not is_exempt:
        at = free_at(budget.orders, ORDERS, now, may_use_reserve=is_forced)
        found.append(Allowance(at=at, reason="too many orders lately"))
        duplicates = budget.duplicates.get(_set_key(identifiers), Bucket())
        at = free_at(
            duplicates,
            DUPLICATES,
            now,
            lifetime_s=lifetime_s,
            may_use_reserve=is_forced,
            left_to_others=1 if has_time else 0,
        )
        found.append(Allowance(at=at, reason="too many certificates for these names lately"))
    for identifier in identifiers:
        failed = budget.failed.get(_plain(identifier), Bucket())
        at = free_at(
            failed,
            FAILED_AUTHORIZATIONS,
            now,
            lifetime_s=lifetime_s,
            may_use_reserve=is_forced,
        )
        found.append(Allowance(at=at, reason=f"control of {identifier} failed too often lately"))
    latest = max(found, key=lambda one: one.at)  # The first of equals: no reason when it is now.
    if latest.reason is None:
        return latest
    return Allowance(at=latest.at, reason=f"{latest.reason}; again at {words(latest.at)}")


def failures_left(budget: IssuerBudget, names: Iterable[str], *, now: datetime) -> int:
    """How many authorizations of the worst of `names` may still fail before the CA refuses."""
    used = (
        spent(
            budget.failed.get(_plain(name), Bucket()), FAILED_AUTHORIZATIONS, now, lifetime_s=None
        )
        for name in names
    )
    return max(0, int(FAILED_AUTHORIZATIONS.capacity - max(used, default=0.0)))


def after_order(budget: IssuerBudget, *, now: datetime, is_exempt: bool) -> IssuerBudget:
    """Count a new order; to be stored before it is sent."""
    if is_exempt:
        return budget
    return replace(budget, orders=spend(budget.orders, ORDERS, now))


def after_issuance(
    budget: IssuerBudget,
    names: Iterable[str],
    *,
    now: datetime,
    lifetime_s: float | None,
    is_exempt: bool,
) -> IssuerBudget:
    """Count a certificate; `lifetime_s` is its own."""
    if is_exempt:
        return budget
    key = _set_key(tuple(names))
    kept = _kept(budget.duplicates, DUPLICATES, now)
    kept[key] = spend(kept.get(key, Bucket()), DUPLICATES, now, lifetime_s=lifetime_s)
    return replace(budget, duplicates=kept)


def after_failed_authorizations(
    budget: IssuerBudget, identifiers: Iterable[str], *, now: datetime
) -> IssuerBudget:
    """Count authorizations that the CA found invalid, one an identifier given."""
    kept = _kept(budget.failed, FAILED_AUTHORIZATIONS, now)
    for identifier in map(_plain, identifiers):
        kept[identifier] = spend(kept.get(identifier, Bucket()), FAILED_AUTHORIZATIONS, now)
    return replace(budget, failed=kept)


def after_refusal(
    budget: IssuerBudget, *, retry_after_s: float | None, now: datetime
) -> IssuerBudget:
    """Leave the whole issuer alone for a while, for all lineages: it refused one for the rate.

    For an hour at most: what takes longer to pass concerns names, and their lineage waits for it.
    """
    rest_s = min(_LONGEST_REST_S, retry_after_s if retry_after_s is not None else 60.0)
    until = now + timedelta(seconds=rest_s)
    if _is_resting(budget, now) and budget.rests_until is not None:
        until = max(until, budget.rests_until)
    return replace(budget, rests_from=now, rests_until=until)


def _is_resting(budget: IssuerBudget, now: datetime) -> bool:
    if budget.rests_from is None or budget.rests_until is None:
        return False
    # From the future: written before the clock was put back.
    return budget.rests_from - _CLOCK_NOISE <= now < budget.rests_until


def _kept(buckets: Mapping[str, Bucket], limit: Limit, now: datetime) -> dict[str, Bucket]:
    """Forget what has leaked away: names come and go, the file must not grow."""
    return {
        key: bucket
        for key, bucket in buckets.items()
        if spent(bucket, limit, now, lifetime_s=None) > 0
    }


def _plain(identifier: str) -> str:
    """A wildcard's authorization is about the name without the star (RFC 8555 section 7.1.4)."""
    return identifier.removeprefix("*.")


def _set_key(names: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(sorted(set(names))).encode()).hexdigest()[:32]
