"""What a CA sends about an order, read with `acme` and given on as own immutable values.

Tolerant where a CA may know more than we do: unknown statuses become `Status.UNKNOWN`, challenges
of unknown types or with unusable members are left out. A reply that says nothing usable at all is
an `AcmeProblem` of type `protocol`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeGuard, TypeVar

from acme import fields, messages
from josepy.errors import Error as JoseError

from certs.acme.problem import AcmeProblem
from certs.acme.problems import plain_text, problem_of_json, protocol_problem
from certs.acme.reply import Reply
from certs.acme.tlsalpn import TlsAlpn01
from certs.spec import ChallengeType

assert TlsAlpn01.typ == ChallengeType.TLS_ALPN_01  # registered before anything is decoded

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22,512}")
"""At least 128 bits (RFC 8555 section 8.1); the alphabet keeps it harmless in a path."""
_DecodedT = TypeVar("_DecodedT")


class Status(StrEnum):
    """Of an order, an authorization or a challenge (RFC 8555 section 7.1.6)."""

    PENDING = "pending"
    READY = "ready"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """One that this version has never heard of: not usable, not final."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """What is to be certified. `type` is `dns` or `ip`, or whatever a CA made up."""

    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """RFC 8555 section 7.1.3. Its address is not in it: keep what `Reply.location` said."""

    status: Status
    identifiers: tuple[Identifier, ...]
    """As the CA echoes them, in its order."""
    authorizations: tuple[str, ...]
    finalize: str | None
    certificate: str | None
    expires_at: datetime | None
    profile: str | None
    replaces: str | None
    error: AcmeProblem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """RFC 8555 section 8: one of the types that are known."""

    type: ChallengeType
    url: str
    token: str = field(repr=False)
    """Verbatim, base64url."""
    status: Status
    error: AcmeProblem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """RFC 8555 section 7.1.4."""

    status: Status
    identifier: Identifier
    is_wildcard: bool
    expires_at: datetime | None
    challenges: tuple[Challenge, ...]


def order_of(reply: Reply) -> Order:
    """The order in a reply to newOrder, finalize or a poll. Raises AcmeProblem."""
    raw = _object(reply)
    # Compared with what was asked for, so nothing may be left out: `acme` refuses unknown types.
    echoed = [_identifier(one, reply) for one in _list(raw.get("identifiers"))]
    order = _decoded(
        messages.Order.from_json,
        {"status": _status(raw), **_texts(raw, "finalize", "certificate", "profile")},
        reply,
    )
    return Order(
        status=Status(order.status.name),
        identifiers=tuple(echoed),
        authorizations=tuple(url for url in _list(raw.get("authorizations")) if _is_text(url)),
        finalize=order.finalize,
        certificate=order.certificate,
        expires_at=_expires_at(raw),
        profile=order.profile,
        replaces=_texts(raw, "replaces").get("replaces"),
        error=_error(raw, reply.url),
    )


def authorization_of(reply: Reply) -> Authorization:
    """The authorization in a reply. Raises AcmeProblem."""
    raw = _object(reply)
    authorization = _decoded(messages.Authorization.from_json, {"status": _status(raw)}, reply)
    found = [_challenge(one, reply.url) for one in _list(raw.get("challenges"))]
    return Authorization(
        status=Status(authorization.status.name),
        identifier=_identifier(raw.get("identifier"), reply),
        is_wildcard=raw.get("wildcard") is True,
        expires_at=_expires_at(raw),
        challenges=tuple(one for one in found if one is not None),
    )


def challenge_of(reply: Reply) -> Challenge | None:
    """The challenge in a reply; None when it is not one that is known. Raises AcmeProblem."""
    return _challenge(_object(reply), reply.url)


def _challenge(raw: object, url: str) -> Challenge | None:
    if not isinstance(raw, dict):
        return None
    type_, token, challenge_url = raw.get("type"), raw.get("token"), raw.get("url")
    if not _is_text(type_) or type_ not in set(ChallengeType) or not _is_text(challenge_url):
        return None
    if not _is_text(token) or _TOKEN.fullmatch(token) is None:
        return None
    known = {"type": type_, "url": challenge_url, "token": token, "status": _status(raw)}
    try:
        challenge = messages.ChallengeBody.from_json(known)
    except (JoseError, ValueError):
        return None
    return Challenge(
        type=ChallengeType(challenge.chall.typ),
        url=challenge.uri,
        # Not `acme`'s: it decodes and encodes again, which changes a token with loose end bits.
        token=token,
        status=Status(challenge.status.name),
        error=_error(raw, url),
    )


def _decoded(
    decode: Callable[[dict[str, Any]], _DecodedT], raw: dict[str, Any], reply: Reply
) -> _DecodedT:
    try:
        return decode(raw)
    except (JoseError, ValueError) as error:
        raise protocol_problem(plain_text(str(error)), url=reply.url) from error


def _object(reply: Reply) -> dict[str, Any]:
    try:
        return reply.json()
    except (ValueError, RecursionError) as error:
        raise protocol_problem("the CA's answer is not a JSON object", url=reply.url) from error


def _identifier(raw: object, reply: Reply) -> Identifier:
    if isinstance(raw, dict) and _is_text(raw.get("type")) and _is_text(raw.get("value")):
        return Identifier(raw["type"], raw["value"])
    raise protocol_problem("an identifier without type and value", url=reply.url)


def _status(raw: Mapping[str, Any]) -> str:
    """One that `acme` can decode."""
    status = raw.get("status")
    is_known = isinstance(status, str) and status in set(Status)
    return str(status) if is_known else Status.UNKNOWN.value


def _expires_at(raw: Mapping[str, Any]) -> datetime | None:
    """`expires` when it can be understood: an order is not lost for it."""
    expires = raw.get("expires")
    if not isinstance(expires, str):
        return None
    try:
        moment: datetime = fields.RFC3339Field.default_decoder(expires)
        # `acme` lets one without a zone through.
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (JoseError, ValueError, OverflowError):
        return None


def _texts(raw: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: raw[name] for name in names if _is_text(raw.get(name))}


def _error(raw: Mapping[str, Any], url: str) -> AcmeProblem | None:
    error = raw.get("error")
    return None if error is None else problem_of_json(error, url=url)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
