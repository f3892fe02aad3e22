"""What is remembered of one lineage between passes and over restarts."""

import random
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from certs.acme.problem import Kind
from certs.renewal import backoff
from certs.renewal.ari import AriState
from certs.renewal.backoff import FailureState
from certs.renewal.bucket import Bucket, Limit, settle, spend
from certs.renewal.thresholds import Warned
from certs.renewal.validity import Moment, Validity
from certs.spec import Lineage

ISSUANCES: Final = Limit(capacity=2, refill_s=86_400)
"""The circuit breaker of a lineage: whatever makes it renew over and over does not get far."""

_LONGEST_DETAIL: Final = 500


class LastError(Struct, frozen=True, kw_only=True):
    """The last failure, for people; kept after a success until the next one fails."""

    at: Moment
    issuer: str
    kind: Kind
    detail: str


class LineageState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stored as JSON at `state_key`. Fields may be added with a default; unknown ones are ignored.

    To lose it costs little: the CA is asked for its window again, an attempt may come too early.
    """

    wanted: str = ""
    """A digest of what is to be obtained, as the caller makes it: see `adopt`."""
    ari: AriState | None = None
    failures: dict[str, FailureState] = {}
    """By name of the issuer; all are forgotten with a success."""
    issuances: Bucket = Bucket()
    last_error: LastError | None = None
    last_attempt_at: Moment | None = None
    last_success_at: Moment | None = None
    issuer: str | None = None
    """The one last tried."""
    warned: Warned | None = None
    unserved: str | None = None
    """The version that was obtained and could not be served: it is not to be ordered again."""
    booked: str | None = None
    """The version counted last: whoever takes up what a crash cut off does not count it again."""
    next_attempt_at: Moment | None = None
    """As last planned: only to be shown, each pass plans anew."""
    next_reason: str = ""

    @property
    def failure_count(self) -> int:
        """Attempts in a row without success, with all issuers together."""
        return sum(failure.count for failure in self.failures.values())


def state_key(lineage: Lineage) -> str:
    """Where a lineage's state is in a store."""
    return f"state/{lineage.key}.json"


def decode_lineage(raw: bytes) -> LineageState | None:
    """Read a stored one; None when it cannot be understood: start with a new one, and say so."""
    try:
        return msgspec.json.decode(raw, type=LineageState)
    except msgspec.DecodeError:
        return None


def encode_lineage(state: LineageState) -> bytes:
    """Write one, to be stored."""
    return msgspec.json.encode(state)


def settled(state: LineageState, now: datetime) -> LineageState:
    """Bring what was written before the clock was put back to the present.

    On every pass; to be stored when it differs. The other times in it look after themselves.
    """
    issuances = settle(state.issuances, now)
    return state if issuances is state.issuances else replace(state, issuances=issuances)


def adopt(state: LineageState, wanted: str) -> LineageState:
    """Start over when something else is wanted than before: names, issuers, challenges.

    Failures and the circuit breaker belong to what was wanted when they happened: who corrects a
    configuration does not wait for a day. The issuers' budgets go on to count.
    """
    if state.wanted == wanted:
        return state
    return replace(state, wanted=wanted, failures={}, issuances=Bucket())


def after_failure(
    state: LineageState,
    *,
    issuer: str,
    kind: Kind,
    detail: str,
    retry_after_s: float | None,
    certificate: Validity | None,
    now: datetime,
    rng: random.Random,
) -> LineageState:
    """Remember a failed attempt. `detail` is fit to be shown: bounded, without secrets."""
    failure = backoff.after_failure(
        state.failures.get(issuer),
        kind=kind,
        retry_after_s=retry_after_s,
        certificate=certificate,
        now=now,
        rng=rng,
    )
    error = LastError(at=now, issuer=issuer, kind=kind, detail=detail[:_LONGEST_DETAIL])
    return replace(
        state,
        failures={**state.failures, issuer: failure},
        last_error=error,
        last_attempt_at=now,
        issuer=issuer,
    )


def after_success(
    state: LineageState, *, issuer: str, certificate: Validity, now: datetime
) -> LineageState:
    """Remember a new certificate: what was known of the old one ends here."""
    lifetime_s = certificate.lifetime_s
    return replace(
        state,
        ari=None,
        failures={},
        issuances=spend(state.issuances, ISSUANCES, now, lifetime_s=lifetime_s),
        last_attempt_at=now,
        last_success_at=now,
        issuer=issuer,
        warned=None,
    )
