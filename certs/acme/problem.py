"""What can go wrong with a CA, as one error that carries everything that was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """What an error means for the next attempt."""

    CONFIGURATION = "configuration"
    """Wrong until somebody changes something: account, terms, key. Daily, loudly."""
    ORDER = "order"
    """This order cannot succeed as it is: name refused, CAA, validation failed. Daily after a few
    tries; other orders go on."""
    RATE_LIMITED = "rate_limited"
    """Too many: the whole issuer, or these names, until `retry_after_s`."""
    PASSING = "passing"
    """Network, 5xx, a CA in maintenance, nonces: try again as planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subproblem:
    """One identifier's part of a problem (RFC 8555 section 6.7.1)."""

    type: str
    detail: str
    identifier: str | None


class AcmeProblem(Exception):  # noqa: N818 - the RFC calls it a problem
    """An attempt failed: a problem document, a transport error or a broken promise of the CA.

    `type` is the whole URN, or a word of our own (`transport`, `timeout`, `protocol`). `detail` is
    the CA's text, bounded and without control characters. Never holds a key or a token.
    """

    def __init__(
        self,
        *,
        type: str,  # noqa: A002 - the member's name in RFC 9457
        detail: str,
        kind: Kind,
        url: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        retry_after_s: float | None = None,
        subproblems: tuple[Subproblem, ...] = (),
        raw: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(f"{type.rpartition(':')[2]}: {detail}")
        self.type = type
        self.detail = detail
        self.kind = kind
        self.url = url
        self.status = status
        self.headers = headers
        self.retry_after_s = retry_after_s
        self.subproblems = subproblems
        self.raw = raw

    @property
    def name(self) -> str:
        """The last part of the URN: `rateLimited`, `badNonce`, `alreadyReplaced`."""
        return self.type.rpartition(":")[2]
