"""What a CA remembers: accounts, orders, authorizations, certificates."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from cryptography import x509

from tests.support.fakeca.problems import Problem


@dataclass(slots=True, kw_only=True)
class Account:
    id: str
    jwk: dict[str, Any]
    thumbprint: str
    contact: list[str]
    terms: str
    """Those agreed to."""
    status: Literal["valid", "deactivated", "revoked"] = "valid"
    former_jwks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Challenge:
    id: str
    type: str
    token: str
    status: str = "pending"
    error: dict[str, Any] | None = None
    validated_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Authorization:
    id: str
    account: Account
    identifier: dict[str, str]
    """Without `*.`."""
    is_wildcard: bool
    expires_at: datetime
    challenges: list[Challenge]
    status: str = "pending"
    polls_left: int = 0


@dataclass(slots=True, kw_only=True)
class Issued:
    id: str
    account: Account
    leaf: x509.Certificate
    chains: list[bytes]
    """PEM, the default one first."""
    cert_id: str
    """RFC 9773 section 4.1."""
    identifiers: list[str]
    revocation_reason: int | None = None
    is_replaced: bool = False


@dataclass(slots=True, kw_only=True)
class Order:
    id: str
    account: Account
    identifiers: list[dict[str, str]]
    authorizations: list[Authorization]
    expires_at: datetime
    profile: str | None
    replaces: str | None
    status: str = "pending"
    error: dict[str, Any] | None = None
    issued: Issued | None = None
    polls_left: int = 0


@dataclass(slots=True)
class State:
    """By id; certificates by certID as well."""

    accounts: dict[str, Account] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    authorizations: dict[str, Authorization] = field(default_factory=dict)
    certificates: dict[str, Issued] = field(default_factory=dict)

    def account_of(self, thumbprint: str) -> Account | None:
        """The account with this key."""
        found = (a for a in self.accounts.values() if a.thumbprint == thumbprint)
        return next(found, None)

    def certificate_of(self, cert_id: str) -> Issued | None:
        """By its RFC 9773 id."""
        return next((i for i in self.certificates.values() if i.cert_id == cert_id), None)

    def order(self, order_id: str, account: Account) -> Order:
        """An account's own order. Raises Problem."""
        return _own(self.orders.get(order_id), account)

    def authorization(self, authorization_id: str, account: Account) -> Authorization:
        """An account's own authorization. Raises Problem."""
        return _own(self.authorizations.get(authorization_id), account)

    def certificate(self, certificate_id: str, account: Account) -> Issued:
        """An account's own certificate. Raises Problem."""
        return _own(self.certificates.get(certificate_id), account)


_T = TypeVar("_T", Order, Authorization, Issued)


def _own(thing: _T | None, account: Account) -> _T:
    if thing is None:
        raise Problem("malformed", "no such resource", status=404)
    if thing.account is not account:
        raise Problem("unauthorized", "not of this account", status=403)
    return thing


def new_id() -> str:
    """Hard to guess, and short."""
    return secrets.token_hex(8)
