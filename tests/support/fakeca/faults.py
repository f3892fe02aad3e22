"""What this CA does otherwise than a good one: every knob, changeable while it runs.

A msgspec Struct, so that a test sets attributes and another process sends JSON.
"""

from typing import Any, Literal

import msgspec

Resource = Literal[
    "directory",
    "newNonce",
    "newAccount",
    "account",
    "orders",
    "keyChange",
    "newOrder",
    "order",
    "authz",
    "challenge",
    "finalize",
    "certificate",
    "revokeCert",
    "renewalInfo",
]
Validation = Literal["real", "always_valid", "always_invalid"]
Chain = Literal[
    "good",
    "wrong_key",
    "no_intermediates",
    "other_names",
    "other_key",
    "future",
    "expired",
    "no_server_auth",
    "no_aki",
    "garbage",
]
Replaces = Literal["honest", "alreadyReplaced", "conflict", "odd_409", "malformed", "server_error"]
Echo = Literal["same", "changed", "missing", "added", "reordered", "upper_case"]
WindowKind = Literal[
    "natural", "past", "stale", "now", "moved", "inverted", "empty", "absent", "no_end", "garbage"
]


class RetryAfter(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A Retry-After header: seconds, or the date so many seconds from now."""

    seconds: int
    is_date: bool = False


class Interruption(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One resource answers otherwise, or not at all, a number of times.

    `when` tells whether what was asked is done (`after`) or not (`before`).
    """

    resource: Resource
    times: int | None = 1
    """None: for ever."""
    skip: int = 0
    """So many requests pass first."""
    when: Literal["before", "after"] = "before"
    do: Literal["problem", "html", "huge", "empty", "drop", "cut"] = "problem"
    """`drop` closes the connection without a word, `cut` in the middle of the body."""
    status: int = 503
    name: str = "serverInternal"
    detail: str = "not now"
    members: dict[str, Any] = {}
    retry_after: RetryAfter | None = None


class Window(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What renewalInfo says (RFC 9773). `moved` takes the seconds from now.

    `past` is what Let's Encrypt says of a revoked certificate; `stale` is older than the
    certificate itself, as if it were about its predecessor.
    """

    kind: WindowKind = "natural"
    start_s: float = 0.0
    end_s: float = 3600.0
    explanation_url: str | None = None
    retry_after: RetryAfter | None = RetryAfter(seconds=21600)


class Profile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A profile that the directory lists."""

    description: str
    lifetime_s: float


class Faults(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All knobs. Without a change: a strict CA that issues for 90 days and believes everybody."""

    interruptions: list[Interruption] = []
    nonce_rejection: float = 0.0
    """The probability that a good nonce is refused."""
    has_nonce_on_errors: bool = True

    date_skew_s: float = 0.0
    """How far the Date header is ahead of the truth."""

    validation: Validation = "always_valid"
    failing_challenges: list[str] = []
    """Challenge types whose validation always fails."""
    has_strange_challenges: bool = False
    """Types and statuses that no RFC knows stand beside the real ones."""
    offered_challenges: list[str] = msgspec.field(
        default_factory=lambda: ["http-01", "tls-alpn-01", "dns-01"]
    )
    authz_status: str | None = None
    """Shown instead of the true status: `expired`, or one that nobody knows."""
    authz_polls: int = 0
    """So often an authorization is still pending after its validation."""
    is_authz_reused: bool = False

    is_order_reused: bool = False
    """As Let's Encrypt: who asks for the same again is given the order that is still open."""
    has_order_list: bool = True
    """False, as Let's Encrypt: accounts do not tell their orders."""

    processing_polls: int = 0
    """So often an order is still `processing` after finalization."""
    order_status: str | None = None
    poll_retry_after: RetryAfter | None = None
    """On orders and authorizations that are not done."""
    finalize_error: str | None = None
    """The order becomes invalid with this error instead of being issued."""

    echo: Echo = "same"
    """What becomes of the identifiers in the order that is returned."""
    replaces: Replaces = "honest"
    has_renewal_info: bool = True
    window: Window = msgspec.field(default_factory=Window)

    profiles: dict[str, Profile] | None = None
    lifetime_s: float = 90 * 86400.0
    backdate_s: float | None = None
    """None: an hour, or a tenth of a short life."""
    chain: Chain = "good"
    alternate_chains: int = 0

    terms: str = "https://ca.invalid/terms/1"
    """An account that agreed to other terms gets userActionRequired."""
    eab_keys: dict[str, str] = {}
    """base64url keys by kid; not empty: a binding is required."""
    refused_names: list[str] = []
    """rejectedIdentifier, as subproblems."""


def change(faults: Faults, patch: dict[str, Any]) -> None:
    """Set some knobs from JSON. Raises msgspec.ValidationError and changes nothing then."""
    changed = msgspec.convert({**msgspec.to_builtins(faults), **patch}, Faults)
    for name in patch:
        setattr(faults, name, getattr(changed, name))
