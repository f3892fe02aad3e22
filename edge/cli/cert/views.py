"""What the commands read of an answer. Lenient: an edge of another version may say more or less."""

from datetime import datetime

from msgspec import Struct


class Status(Struct, frozen=True, kw_only=True):
    """One key type of one certificate. Times are aware."""

    certificate: str
    key_type: str | None = None
    names: list[str] = []
    source: str | None = None
    issuer: str | None = None
    profile: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    next_renewal_at: datetime | None = None
    renewal_reason: str | None = None
    last_error: str | None = None
    last_success_at: datetime | None = None
    failures: int = 0
    is_served: bool | None = None
    """None: nobody looked, as when no edge runs."""
    is_bootstrap: bool = False


class Exported(Struct, frozen=True, kw_only=True):
    """Chain and key in PEM."""

    chain_pem: str
    key_pem: str

    def __repr__(self) -> str:
        return "Exported()"


class Tlsa(Struct, frozen=True, kw_only=True):
    """One DANE record: `3 1 1` and the digest of a public key."""

    record: str
    key_type: str | None = None
    is_next: bool = False
    """Of the key of the next certificate: to be published before that is served."""
