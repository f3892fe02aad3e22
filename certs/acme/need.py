"""What an order is for, what comes of it, and who counts what it costs."""

from dataclasses import dataclass, field
from typing import Protocol

from certs.spec import ChallengeType, KeyType, Lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One leaf to obtain. Its issuer is the session's."""

    lineage: Lineage
    names: tuple[str, ...]
    """Canonical, not empty."""
    key_type: KeyType
    challenges: tuple[ChallengeType, ...]
    """In order of preference, not empty."""
    replaces: str | None = None
    """RFC 9773 certificate id of what is renewed; only of a certificate of the same account."""
    key_pem: bytes | None = field(default=None, repr=False)
    """The key to use, of `key_type`; None: a new one."""
    done_order_url: str | None = None
    """`Issued.order_url` of the version that is stored: what the journal has of that order is what
    a crash left after everything was done, and is not taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate that was verified. Nothing of it is in the store but the journal."""

    key_pem: bytes = field(repr=False)
    chain_pem: bytes = field(repr=False)
    """Leaf first."""
    issuer: str
    """`Issuer.name`."""
    directory: str
    profile: str | None
    """As the CA says, else as asked for."""
    order_url: str
    cert_id: str | None
    """RFC 9773 section 4.1; None: the leaf does not name its issuer's key."""


class Tally(Protocol):
    """Counts what a CA counts. Must not block or raise."""

    def ordered(self, *, is_exempt: bool) -> None:
        """An order is about to be asked for; `is_exempt`: it says what it replaces."""

    def validation_failed(self, identifier: str) -> None:
        """The CA has tried to validate this DNS name (without `*.`) or IP address, in vain."""


class NoTally:
    """For whoever does not count."""

    def ordered(self, *, is_exempt: bool) -> None:
        """Forget it."""

    def validation_failed(self, identifier: str) -> None:
        """Forget it."""
