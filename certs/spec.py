"""What is wanted: plain values that say which certificates to keep, from whom, and how.

Whoever uses the package fills these in; nothing here reads a file or asks a server.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from certs.store.keys import segment

LETS_ENCRYPT: Final = "https://acme-v02.api.letsencrypt.org/directory"
LETS_ENCRYPT_STAGING: Final = "https://acme-staging-v02.api.letsencrypt.org/directory"


class KeyType(StrEnum):
    """The keys that public CAs sign (Let's Encrypt integration guide)."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"


class ChallengeType(StrEnum):
    """How control of a name is proved."""

    TLS_ALPN_01 = "tls-alpn-01"
    HTTP_01 = "http-01"
    DNS_01 = "dns-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One CA, as seen by one account."""

    name: str
    """Short and unique: the account and the budgets are stored under it."""
    directory: str
    """https address of the directory (RFC 8555 section 7.1.1)."""
    staging_directory: str | None = None
    """Where a dry run goes; None: this CA has no staging."""
    profile: str | None = None
    is_profile_required: bool = False
    """False: the order goes without a profile when the CA does not list it."""
    eab_kid: str | None = None
    eab_hmac_key: str | None = field(default=None, repr=False)
    """base64url, as CAs hand it out (RFC 8555 section 7.3.4)."""
    ca_bundle: Path | None = None
    """PEM of the CAs that the directory's own certificate is verified with; None: the system's."""
    preferred_chain: str | None = None
    """Common name of a root or intermediate to prefer among alternate chains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """One certificate to keep valid: the same names, one leaf a key type."""

    names: tuple[str, ...]
    """Canonical (see `certs.names`), not empty; the first one names the certificate everywhere."""
    key_types: tuple[KeyType, ...]
    challenges: tuple[ChallengeType, ...]
    """In order of preference, not empty."""
    reuse_key: bool = False

    @property
    def name(self) -> str:
        """What people call it: its first name."""
        return self.names[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """What holds for all certificates. `issuers` is in order of preference and not empty."""

    email: str | None
    agree_to_terms: bool
    issuers: tuple[Issuer, ...]
    user_agent: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """All versions, over the years, of one leaf: a certificate and one of its key types."""

    certificate: str
    """`Managed.name`."""
    key_type: KeyType

    @property
    def key(self) -> str:
        """Its name in a store: `mail.example.org+ecdsa-p256`, a wildcard's star as `_`."""
        return f"{segment(self.certificate)}+{self.key_type.value}"
