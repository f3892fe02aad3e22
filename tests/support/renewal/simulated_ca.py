"""A CA of values: lifetimes, outages, renewal windows, and Let's Encrypt's limits as buckets.

All its times are true ones, whatever the host believes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from certs.acme.problem import AcmeProblem, Kind
from certs.renewal.ari import RenewalInfo, Window
from certs.renewal.validity import Validity

BACKDATED = timedelta(hours=1)


class Trouble(StrEnum):
    """What an outage is like."""

    REFUSED = "refused"
    """No connection."""
    MAINTENANCE = "maintenance"
    """503 with a Retry-After that is true."""
    CHALLENGES = "challenges"
    """Orders are taken, validations fail: it counts against the limits."""
    FINALIZING = "finalizing"
    """Orders are taken and validated, then fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    start: datetime
    end: datetime
    trouble: Trouble


@dataclass(slots=True, kw_only=True)
class TrueBucket:
    """Tokens that come back, as the rate-limits page describes them."""

    capacity: int
    refill_s: float
    tokens: float = field(init=False)
    at: datetime | None = None

    def __post_init__(self) -> None:
        self.tokens = float(self.capacity)

    def has_one(self, now: datetime) -> bool:
        if self.at is not None:
            passed_s = (now - self.at).total_seconds()
            self.tokens = min(self.capacity, self.tokens + passed_s / self.refill_s)
        self.at = now
        return self.tokens >= 1

    def retry_after_s(self) -> float:
        return (1 - self.tokens) * self.refill_s


WindowOf = Callable[[Validity, datetime], RenewalInfo]


def usual_window(certificate: Validity, now: datetime) -> RenewalInfo:
    """Let's Encrypt's: a fiftieth of the lifetime around the moment with a third left."""
    lifetime = certificate.not_after - certificate.not_before
    ideal = certificate.not_after - lifetime / (2 if lifetime < timedelta(days=10) else 3)
    window = Window(start=ideal - lifetime / 100, end=ideal + lifetime / 100)
    return RenewalInfo(window=window, retry_after_s=43_200.0)


@dataclass(slots=True, kw_only=True)
class SimulatedCa:
    """One CA with one account of ours."""

    lifetime: timedelta
    key_id: str = "aki"
    outages: Sequence[Outage] = ()
    window_of: WindowOf | None = None
    """None: no renewal information."""
    issued: list[Validity] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Every limit that was run into."""
    replaced: set[str] = field(default_factory=set)
    questions: int = 0
    _orders: TrueBucket = field(default_factory=lambda: TrueBucket(capacity=300, refill_s=36))
    _domain: TrueBucket = field(default_factory=lambda: TrueBucket(capacity=50, refill_s=202 * 60))
    _duplicates: dict[frozenset[str], TrueBucket] = field(default_factory=dict)
    _failed: dict[str, TrueBucket] = field(default_factory=dict)

    def trouble(self, now: datetime) -> Outage | None:
        return next((one for one in self.outages if one.start <= now < one.end), None)

    def renewal_info(self, certificate: Validity, now: datetime) -> RenewalInfo:
        """Raises AcmeProblem."""
        self.questions += 1
        assert self.window_of is not None
        self._reach(now)
        return self.window_of(certificate, now)

    def order(
        self, names: frozenset[str], now: datetime, *, replaces: str | None, failures_left: int
    ) -> Validity:
        """From newOrder to the certificate in no time. Raises AcmeProblem.

        `failures_left` bounds the challenge types that are tried one after the other.
        """
        outage = self._reach(now)
        if replaces is not None:
            assert replaces not in self.replaced, "a certificate is replaced once"
        failed = [self._failed.setdefault(n, TrueBucket(capacity=5, refill_s=720)) for n in names]
        same = self._duplicates.setdefault(names, TrueBucket(capacity=5, refill_s=34 * 3600.0))
        if replaces is None:
            self._check("orders", self._orders, now)
            self._check("domain", self._domain, now)
            self._check("duplicates", same, now)
            for bucket in failed:
                self._check("failed authorizations", bucket, now)
            self._orders.tokens -= 1
        if outage is not None and outage.trouble is Trouble.CHALLENGES:
            tries = max(1, min(2, failures_left))
            for bucket in failed:
                bucket.has_one(now)
                bucket.tokens = max(0.0, bucket.tokens - tries)
            raise AcmeProblem(type="urn:x:unauthorized", detail=f"{tries}", kind=Kind.ORDER)
        if outage is not None:
            raise AcmeProblem(type="urn:x:serverInternal", detail="", kind=Kind.PASSING)
        if replaces is None:
            same.tokens -= 1
            self._domain.tokens -= 1
        else:
            self.replaced.add(replaces)
        start = now - BACKDATED if self.lifetime > 10 * BACKDATED else now
        made = Validity(
            cert_id=f"{self.key_id}.{len(self.issued)}",
            not_before=start,
            not_after=start + self.lifetime,
        )
        self.issued.append(made)
        return made

    def longest_up(self, start: datetime, end: datetime) -> timedelta:
        """The longest time without trouble between two moments."""
        longest, at = timedelta(), start
        for outage in sorted(self.outages, key=lambda one: one.start):
            if outage.start >= end:
                break
            longest = max(longest, outage.start - at)
            at = max(at, outage.end)
        return max(longest, end - at)

    def _reach(self, now: datetime) -> Outage | None:
        outage = self.trouble(now)
        if outage is not None and outage.trouble is Trouble.REFUSED:
            raise AcmeProblem(type="transport", detail="refused", kind=Kind.PASSING)
        if outage is not None and outage.trouble is Trouble.MAINTENANCE:
            raise AcmeProblem(
                type="urn:x:serverInternal",
                detail="maintenance",
                kind=Kind.PASSING,
                status=503,
                retry_after_s=(outage.end - now).total_seconds(),
            )
        return outage

    def _check(self, limit: str, bucket: TrueBucket, now: datetime) -> None:
        if bucket.has_one(now):
            return
        self.refusals.append(f"{limit} at {now}")
        raise AcmeProblem(
            type="urn:x:rateLimited",
            detail=limit,
            kind=Kind.RATE_LIMITED,
            status=429,
            retry_after_s=bucket.retry_after_s(),
        )
