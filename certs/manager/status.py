"""What people are shown of a certificate: values for JSON."""

from datetime import datetime

from msgspec import Struct

from certs.spec import KeyType


class CertificateStatus(Struct, frozen=True, kw_only=True):
    """One key type of one certificate. Times are aware and UTC."""

    certificate: str
    key_type: KeyType | None
    names: tuple[str, ...]
    source: str
    """acme, import, bootstrap; files and self-signed ones are not managed here."""
    issuer: str | None = None
    profile: str | None = None
    leaf_sha256: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    next_renewal_at: datetime | None = None
    renewal_reason: str | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    last_success_at: datetime | None = None
    failures: int = 0
    is_served: bool | None = None
    """None: nobody looked, as when no edge runs."""
    is_bootstrap: bool = False


class VersionStatus(Struct, frozen=True, kw_only=True):
    """One stored version."""

    id: str
    key_type: KeyType
    issuer: str
    profile: str | None
    not_before: datetime
    not_after: datetime
    leaf_sha256: str
    is_current: bool
    is_revoked: bool
    order_url: str | None
    cert_id: str | None


class RenewalWindow(Struct, frozen=True, kw_only=True):
    """What the CA says (RFC 9773)."""

    key_type: KeyType
    start: datetime
    end: datetime
    picked_at: datetime | None
    explanation_url: str | None


class CertificateDetail(Struct, frozen=True, kw_only=True):
    """Everything about one certificate."""

    certificate: str
    names: tuple[str, ...]
    challenges: tuple[str, ...]
    status: tuple[CertificateStatus, ...]
    versions: tuple[VersionStatus, ...]
    windows: tuple[RenewalWindow, ...]


class DryRunReport(Struct, frozen=True, kw_only=True):
    """An order at the CA's test system went through."""

    certificate: str
    issuer: str
    directory: str
    key_types: tuple[KeyType, ...]
    profile: str | None
    not_after: datetime


class AccountStatus(Struct, frozen=True, kw_only=True):
    """The account at one issuer."""

    issuer: str
    directory: str
    url: str
    status: str
    contact: tuple[str, ...]
    terms_url: str | None
    created_at: datetime
    thumbprint: str


class TlsaRecord(Struct, frozen=True, kw_only=True):
    """One DANE record (RFC 6698, RFC 7672 section 3.1): `3 1 1` and a digest."""

    record: str
    key_type: KeyType
    is_next: bool
    """Of the key of the next certificate: to be published before that one is served."""
