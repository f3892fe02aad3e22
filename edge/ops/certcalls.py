"""What can be asked of the certificate manager, as values: the same over HTTP and in process.

A call is a Struct; `request_of` says which HTTP request it is, `perform` does it. The answer is
whatever the operation returns, as JSON; `cert` commands and the API share this module, so that they
cannot drift apart.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Protocol, assert_never
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

import certs

PREFIX: Final = "/v1"

Reason = Literal["unspecified", "keyCompromise", "superseded", "cessationOfOperation"]
"""What public CAs accept (RFC 5280 section 5.3.1)."""
Name = Annotated[str, Meta(min_length=1, max_length=253)]
Pem = Annotated[str, Meta(min_length=1, max_length=131_072)]
IssuerName = Annotated[str, Meta(min_length=1, max_length=63)]


class ListAll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All certificates."""


class Show(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One certificate in detail."""

    name: Name


class Renew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Renew what is due of a certificate; `force`: whatever is."""

    name: Name
    force: bool = False


class DryRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Order from the issuer's test system, and store nothing."""

    name: Name


class Revoke(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Revoke a certificate."""

    name: Name
    reason: Reason


class Import(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Store and serve a certificate from elsewhere."""

    name: Name
    key_pem: Pem
    chain_pem: Pem

    def __repr__(self) -> str:
        return f"Import(name={self.name!r})"


class Export(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Chain and key of a certificate."""

    name: Name
    key_type: certs.KeyType | None = None


class Tlsa(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The DANE records of a certificate."""

    name: Name


class Accounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The accounts at the issuers."""


class RollOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new key for the account at one issuer, or at all."""

    issuer: IssuerName | None = None


Named = Show | Renew | DryRun | Revoke | Import | Export | Tlsa
Call = ListAll | Named | Accounts | RollOver


class Exported(Protocol):
    """What an export holds."""

    @property
    def chain_pem(self) -> bytes:
        """Leaf first."""

    @property
    def key_pem(self) -> bytes:
        """PKCS #8."""


class Operations(Protocol):
    """What the certificate manager does for a person. Results are JSON for msgspec."""

    def list(self) -> Sequence[object]:
        """All certificates, one entry for each key type."""

    def show(self, name: str) -> object:
        """Everything about one."""

    async def renew(self, name: str, *, force: bool, sink: certs.EventSink) -> object:
        """Renew what is due, or all of it; told to the manager's own sink."""

    async def dry_run(self, name: str, *, sink: certs.EventSink) -> object:
        """Order from the staging directory; told to `sink` alone."""

    async def revoke(self, name: str, *, reason: Reason) -> object:
        """Revoke it."""

    async def import_certificate(self, name: str, *, key_pem: bytes, chain_pem: bytes) -> object:
        """Store it and serve it."""

    def export_certificate(self, name: str, key_type: certs.KeyType | None) -> Exported:
        """Chain and key."""

    async def accounts(self) -> object:
        """All accounts."""

    async def roll_over(self, issuer: str | None) -> object:
        """New account keys."""

    def tlsa(self, name: str) -> object:
        """DANE records for the current and the next key."""


class Request(Struct, frozen=True, kw_only=True):
    """A call as HTTP. Without a body: GET."""

    method: Literal["GET", "POST"]
    target: str
    body: bytes | None


def request_of(call: Call) -> Request:
    """The HTTP request that asks for it."""
    match call:
        case ListAll():
            return _get("certificates")
        case Show(name=name):
            return _get("certificates", name)
        case Tlsa(name=name):
            return _get("certificates", name, "tlsa")
        case Export(name=name, key_type=None):
            return _get("certificates", name, "export")
        case Export(name=name, key_type=key_type):
            got = _get("certificates", name, "export")
            return msgspec.structs.replace(got, target=f"{got.target}?key_type={key_type}")
        case Accounts():
            return _get("accounts")
        case RollOver():
            return _post(call, "accounts", "rollover")
        case Renew(name=name):
            return _post(call, "certificates", name, "renew")
        case DryRun(name=name):
            return _post(call, "certificates", name, "dry-run")
        case Revoke(name=name):
            return _post(call, "certificates", name, "revoke")
        case Import(name=name):
            return _post(call, "certificates", name, "import")
        case _:
            assert_never(call)


async def perform(call: Call, operations: Operations, sink: certs.EventSink) -> object:
    """Do it. What a dry run tells goes to `sink`. Raises what the operation raises."""
    match call:
        case ListAll():
            return operations.list()
        case Show(name=name):
            return operations.show(name)
        case Renew(name=name, force=force):
            return await operations.renew(name, force=force, sink=sink)
        case DryRun(name=name):
            return await operations.dry_run(name, sink=sink)
        case Revoke(name=name, reason=reason):
            return await operations.revoke(name, reason=reason)
        case Import(name=name, key_pem=key_pem, chain_pem=chain_pem):
            key, chain = key_pem.encode(), chain_pem.encode()
            return await operations.import_certificate(name, key_pem=key, chain_pem=chain)
        case Export(name=name, key_type=key_type):
            exported = operations.export_certificate(name, key_type)
            return {
                "chain_pem": exported.chain_pem.decode(),
                "key_pem": exported.key_pem.decode(),
            }
        case Tlsa(name=name):
            return operations.tlsa(name)
        case Accounts():
            return await operations.accounts()
        case RollOver(issuer=issuer):
            return await operations.roll_over(issuer)
        case _:
            assert_never(call)


def event_object(event: certs.Event) -> dict[str, object]:
    """An event as it is sent: its name, its level, and what it says."""
    said = {key: value for key, value in msgspec.to_builtins(event).items() if value is not None}
    return {"event": event.event, "level": event.level, **said}


def _get(*segments: str) -> Request:
    return Request(method="GET", target=_target(segments), body=None)


def _post(call: Struct, *segments: str) -> Request:
    body = {key: value for key, value in msgspec.to_builtins(call).items() if key != "name"}
    return Request(method="POST", target=_target(segments), body=msgspec.json.encode(body))


def _target(segments: Sequence[str]) -> str:
    return "/".join([PREFIX, *(quote(segment, safe="") for segment in segments)])
