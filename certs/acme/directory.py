"""What a CA offers, and where (RFC 8555 section 7.1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """One CA's addresses and terms."""

    url: str
    new_nonce: str
    new_account: str
    new_order: str
    revoke_cert: str | None
    key_change: str | None
    renewal_info: str | None
    """None: the CA has no ARI (RFC 9773)."""
    profiles: Mapping[str, str] | None = field(repr=False)
    """Descriptions by name; None: the CA lists none, and none may be asked for."""
    terms_url: str | None
    website: str | None
    external_account_required: bool
