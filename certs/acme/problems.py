"""From what a CA said went wrong to an `AcmeProblem`: never raises, whatever was said.

`acme.messages.Error` is not used: it loses members, and refuses a document for one unknown value.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from acme.messages import ERROR_PREFIX

from certs.acme.problem import AcmeProblem, Kind, Subproblem

MAX_TEXT: Final = 500
"""Characters of a text from the network that are kept."""
_MAX_PARTS: Final = 100
_MAX_DEPTH: Final = 6
_NOT_A_DOCUMENT: Final = "about:blank"

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    dict.fromkeys(
        (
            "accountDoesNotExist",
            "badPublicKey",
            "badSignatureAlgorithm",
            "externalAccountRequired",
            "invalidContact",
            "unsupportedContact",
            "userActionRequired",
        ),
        Kind.CONFIGURATION,
    )
    | dict.fromkeys(
        (
            "alreadyReplaced",
            "alreadyRevoked",
            "badCSR",
            "badRevocationReason",
            "caa",
            "compound",
            "conflict",
            "connection",
            "dns",
            "dnssec",
            "incorrectResponse",
            "invalidProfile",
            "malformed",
            "rejectedIdentifier",
            "tls",
            "unauthorized",
            "unknownHost",
            "unsupportedIdentifier",
        ),
        Kind.ORDER,
    )
    | {"rateLimited": Kind.RATE_LIMITED}
    | dict.fromkeys(("badNonce", "orderNotReady", "serverInternal"), Kind.PASSING)
)
"""By the last part of the URN. An unknown one is judged by the HTTP status."""

# CAs quote the URL they fetched and what they expected to find there.
_SECRETS: Final = (
    re.compile(r"(?<=/\.well-known/acme-challenge/)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?"),
    re.compile(r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
)


def plain_text(text: str, limit: int = MAX_TEXT) -> str:
    """A text from the network as it may be shown: one line, bounded, no control characters.

    Tokens and key authorisations that a CA quotes are left out.
    """
    # What is cut off later need not be looked at; a secret cut in half would not be recognised.
    text = text[: limit * 4]
    for secret in _SECRETS:
        text = secret.sub("[…]", text)
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def problem_of_reply(
    *,
    url: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    retry_after_s: float | None,
) -> AcmeProblem:
    """The problem in an HTTP response of 4xx or 5xx (RFC 8555 section 6.7), or one made up for it.

    `headers` is by lower-case name.
    """
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        raw = {"detail": f"HTTP status {status}, no problem document"}
    return _problem(raw, url=url, status=status, headers=headers, retry_after_s=retry_after_s)


def problem_of_json(raw: object, *, url: str | None = None) -> AcmeProblem:
    """The problem in the `error` member of an order or a challenge, which has no HTTP status."""
    if not isinstance(raw, dict):
        raw = {"detail": "the CA does not say why"}
    return _problem(raw, url=url, status=None, headers={}, retry_after_s=None)


def protocol_problem(detail: str, *, url: str, kind: Kind = Kind.PASSING) -> AcmeProblem:
    """The CA does not keep to the protocol. `detail` is ours, or has passed `plain_text`."""
    return AcmeProblem(type="protocol", detail=detail, kind=kind, url=url)


def _problem(
    raw: Mapping[Any, Any],
    *,
    url: str | None,
    status: int | None,
    headers: Mapping[str, str],
    retry_after_s: float | None,
) -> AcmeProblem:
    kept = raw.get("subproblems")
    parts = kept[:_MAX_PARTS] if isinstance(kept, list) else []
    subproblems = tuple(_subproblem(part) for part in parts if isinstance(part, dict))
    type_ = _text(raw.get("type")) or _NOT_A_DOCUMENT
    return AcmeProblem(
        type=type_,
        detail=_detail(raw, type_, status),
        kind=_kind(type_, status, subproblems),
        url=url,
        status=status,
        headers=MappingProxyType(dict(headers)),
        retry_after_s=retry_after_s,
        subproblems=subproblems,
        raw=MappingProxyType({str(name): _kept(value) for name, value in raw.items()}),
    )


def _subproblem(raw: Mapping[Any, Any]) -> Subproblem:
    identifier = raw.get("identifier")
    name = identifier.get("value") if isinstance(identifier, dict) else None
    return Subproblem(
        type=_text(raw.get("type")) or _NOT_A_DOCUMENT,
        detail=_text(raw.get("detail")),
        identifier=_text(name) or None,
    )


def _detail(raw: Mapping[Any, Any], type_: str, status: int | None) -> str:
    detail = _text(raw.get("detail")) or _text(raw.get("title")) or f"HTTP status {status}"
    instance = _text(raw.get("instance"))
    if type_.endswith(":userActionRequired") and instance:
        # RFC 8555 section 7.3.3: a person has to open that address.
        return plain_text(f"{detail} (see {instance})")
    return detail


def _kind(type_: str, status: int | None, subproblems: tuple[Subproblem, ...]) -> Kind:
    name = type_.removeprefix(ERROR_PREFIX) if type_.startswith(ERROR_PREFIX) else None
    kinds = {_kind(part.type, None, ()) for part in subproblems}
    if name == "compound" and len(kinds) == 1:
        return kinds.pop()
    if name is not None and name in _KINDS:
        return _KINDS[name]
    match status:
        case 429:
            return Kind.RATE_LIMITED
        case int() if status >= 500 or name is None:
            # Without an ACME error it was something in between that answered.
            return Kind.PASSING
        case _:
            return Kind.ORDER


def _text(value: object) -> str:
    return plain_text(value) if isinstance(value, str) else ""


def _kept(value: object, depth: int = 0) -> object:
    """A JSON value with its texts made plain, and nothing deeper than people write."""
    match value:
        case str():
            return plain_text(value)
        case bool() | int() | float() | None:
            return value
        case list() if depth < _MAX_DEPTH:
            return tuple(_kept(part, depth + 1) for part in value[:_MAX_PARTS])
        case dict() if depth < _MAX_DEPTH:
            members = list(value.items())[:_MAX_PARTS]
            return {plain_text(str(name)): _kept(part, depth + 1) for name, part in members}
        case _:
            return None
