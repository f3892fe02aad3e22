"""One CA: its settings, memory and keys; what every handler is given."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.fakeca.authority import Authority
from tests.support.fakeca.faults import Faults
from tests.support.fakeca.jws import json_object
from tests.support.fakeca.nonces import Nonces
from tests.support.fakeca.record import Record
from tests.support.fakeca.state import Account, Authorization, Challenge, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where validations go, whatever the name: everything is this machine."""

    address: str = "127.0.0.1"
    http_port: int = 80
    tls_port: int = 443
    dns_server: tuple[str, int] | None = None
    perspectives: int = 3
    """So many requests a validation, at once (multi-perspective validation)."""


@dataclass(slots=True, kw_only=True)
class Core:
    """Not a server yet: `base` is where one answers."""

    base: str
    reach: Reach
    faults: Faults = field(default_factory=Faults)
    record: Record = field(default_factory=Record)
    state: State = field(default_factory=State)
    rng: random.Random = field(default_factory=lambda: random.Random(20260101))
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    authority: Authority = field(init=False)
    nonces: Nonces = field(init=False)

    def __post_init__(self) -> None:
        self.authority = Authority(self.now())
        self.nonces = Nonces(self.faults, self.record, self.rng)

    def url(self, *parts: str) -> str:
        """The absolute address of a resource."""
        return "/".join((self.base, *parts))

    def account_url(self, account: Account) -> str:
        return self.url("account", account.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose JWS was verified (for a plain GET: nothing but its path)."""

    path: dict[str, str]
    jwk: dict[str, Any] | None = None
    """Of a request signed by a key that was sent along."""
    signer: Account | None = None
    payload: bytes = b""

    @property
    def account(self) -> Account:
        """Of a request signed with a `kid`."""
        assert self.signer is not None
        return self.signer

    @property
    def is_get(self) -> bool:
        """POST-as-GET (RFC 8555 section 6.3): an empty payload, which `{}` is not."""
        return self.payload == b""

    def json(self) -> dict[str, Any]:
        """The payload. Raises Problem malformed."""
        return json_object(self.payload, "payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler says."""

    status: int = 200
    body: dict[str, Any] | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Address and relation."""
    to_validate: tuple[Authorization, Challenge] | None = None
    """A validation to start once this is answered."""
