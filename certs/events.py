"""Everything the certificate manager has to say, as values for an injected sink.

One class an event. `event` is its name in logs, audit records and metrics: an interface.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened. `certificate` is `Managed.name` where it concerns one."""

    event: ClassVar[str]
    level: ClassVar[Level] = "info"

    certificate: str | None = None
    key_type: str | None = None


class EventSink(Protocol):
    """Where events go. Must not block or raise."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due(Event):
    """A certificate is to be obtained or renewed now."""

    event: ClassVar[str] = "certificate.due"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """One step of an order is done."""

    event: ClassVar[str] = "certificate.progress"
    issuer: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained(Event):
    """A new version is stored and current."""

    event: ClassVar[str] = "certificate.obtained"
    issuer: str
    profile: str | None
    not_after: datetime
    leaf_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served(Event):
    """The edge was seen serving the stored leaf."""

    event: ClassVar[str] = "certificate.served"
    leaf_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotServed(Event):
    """A listener serves another leaf than the stored one; the old version is current again."""

    event: ClassVar[str] = "certificate.not_served"
    level: ClassVar[Level] = "error"
    listener: str
    expected_sha256: str
    served_sha256: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """An attempt failed. `kind` is a value of `certs.acme.problem.Kind`."""

    event: ClassVar[str] = "certificate.failed"
    level: ClassVar[Level] = "error"
    issuer: str | None
    kind: str
    reason: str
    failures: int
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring(Event):
    """A threshold of the remaining life was passed without a renewal."""

    event: ClassVar[str] = "certificate.expiring"
    level: ClassVar[Level] = "warning"
    not_after: datetime
    fraction_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(Event):
    """The certificate served has expired."""

    event: ClassVar[str] = "certificate.expired"
    level: ClassVar[Level] = "error"
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked(Event):
    """Revoked by us, or said to be by the CA (a window in the past with an explanation)."""

    event: ClassVar[str] = "certificate.revoked"
    level: ClassVar[Level] = "warning"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMoved(Event):
    """The CA moved the renewal window (RFC 9773)."""

    event: ClassVar[str] = "certificate.window_moved"
    level: ClassVar[Level] = "warning"
    start: datetime
    end: datetime
    explanation_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFailed(Event):
    """A challenge path does not work when tried against ourselves."""

    event: ClassVar[str] = "acme.path_failed"
    level: ClassVar[Level] = "warning"
    challenge: str
    identifier: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerChanged(Event):
    """Life runs short: the next issuer is tried."""

    event: ClassVar[str] = "acme.issuer_changed"
    level: ClassVar[Level] = "warning"
    issuer: str
    before: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimited(Event):
    """The CA, or our own budget, says: not now."""

    event: ClassVar[str] = "acme.rate_limited"
    level: ClassVar[Level] = "warning"
    issuer: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """An account was created, found, or got a new key."""

    event: ClassVar[str] = "acme.account_changed"
    issuer: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew(Event):
    """Our clock and the CA's differ by more than certificates can bear."""

    event: ClassVar[str] = "acme.clock_skew"
    level: ClassVar[Level] = "warning"
    issuer: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped(Event):
    """The wall clock moved against the monotonic one: everything is planned anew."""

    event: ClassVar[str] = "certificate.clock_jumped"
    level: ClassVar[Level] = "warning"
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrouble(Event):
    """The store is ephemeral, full or not writable."""

    event: ClassVar[str] = "certificate.store_trouble"
    level: ClassVar[Level] = "error"
    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesChanged(Event):
    """Files of `source = "files"` were replaced, whole and matching: they are served now."""

    event: ClassVar[str] = "certificate.files_changed"
    leaf_sha256: str
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRefused(Event):
    """Files were replaced by what cannot be served: what was served before goes on."""

    event: ClassVar[str] = "certificate.files_refused"
    level: ClassVar[Level] = "error"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDeployed(Event):
    """Those who serve do not follow; it is tried again."""

    event: ClassVar[str] = "certificate.not_deployed"
    level: ClassVar[Level] = "error"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect(Event):
    """A bug of ours was run into: everything else goes on, and what it hit is tried again later."""

    event: ClassVar[str] = "certificate.defect"
    level: ClassVar[Level] = "error"
    what: str
    """What was being done."""
    error: str
    """The exception's type and where it was raised; never its text, which may hold anything."""


def defect_of(error: BaseException) -> str:
    """`KeyError at keeping.py:12`: what may be said of an exception that nobody expected."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
