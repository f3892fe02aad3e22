"""The account at a CA."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """An account as the CA has it now."""

    issuer: str
    directory: str
    url: str
    status: str
    contact: tuple[str, ...]
    terms_url: str | None
    created_at: datetime
    thumbprint: str
