"""What a CA offers, and where (RFC 8555 section 7.1.1)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from acme import messages
from josepy.errors import Error as JoseError

from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import plain_text, protocol_problem
from certs.acme.reply import Reply
from certs.clock import Clock

MAX_AGE_S: Final = 86_400.0
_AGAIN_AFTER_S: Final = 3600.0
"""When a new one cannot be had, the old one serves for another while."""


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

    def role_of(self, url: str) -> str | None:
        """Which member an address is: `new_order`, …; None when it is none."""
        roles = ("new_nonce", "new_account", "new_order", "revoke_cert", "key_change")
        return next((role for role in roles if getattr(self, role) == url), None)


class DirectoryCache:
    """One CA's directory, asked for when it is needed and at most once at a time."""

    def __init__(self, get: Callable[[str], Awaitable[Reply]], url: str, clock: Clock) -> None:
        self._get = get
        self._url = url
        self._clock = clock
        self._known: Directory | None = None
        self._ask_again_at = 0.0
        """By the monotonic clock."""
        self._asking = asyncio.Lock()

    async def get(self, *, is_fresh: bool) -> Directory:
        """The directory. Raises AcmeProblem when there is none, not even an old one."""
        seen = self._known
        if not is_fresh and self._is_current:
            assert seen is not None
            return seen
        async with self._asking:
            if self._known is not None and self._known is not seen:
                return self._known  # another one has just asked
            try:
                self._known = directory_of(await self._get(self._url))
                self._ask_again_at = self._clock.monotonic() + MAX_AGE_S
            except AcmeProblem:
                if self._known is None or is_fresh:
                    raise
                self._ask_again_at = self._clock.monotonic() + _AGAIN_AFTER_S
            return self._known

    @property
    def _is_current(self) -> bool:
        return self._known is not None and self._clock.monotonic() < self._ask_again_at


def directory_of(reply: Reply) -> Directory:
    """The directory in a reply. Raises AcmeProblem."""
    try:
        raw = reply.json()
    except (ValueError, RecursionError) as error:
        raise protocol_problem("the directory is not a JSON object", url=reply.url) from error
    terms = raw.get("meta")
    try:
        # A copy: `acme` changes what it is given.
        known = messages.Directory.from_json(
            {**raw, "meta": terms if isinstance(terms, dict) else {}}
        )
    except (JoseError, ValueError, TypeError) as error:
        raise protocol_problem(plain_text(str(error)), url=reply.url) from error
    meta = known["meta"]
    return Directory(
        url=reply.url,
        new_nonce=_required(known, "newNonce", reply.url),
        new_account=_required(known, "newAccount", reply.url),
        new_order=_required(known, "newOrder", reply.url),
        revoke_cert=_optional(known, "revokeCert"),
        key_change=_optional(known, "keyChange"),
        renewal_info=_optional(known, "renewalInfo"),
        profiles=_profiles(meta.profiles),
        terms_url=_shown(meta.terms_of_service),
        website=_shown(meta.website),
        external_account_required=meta.external_account_required is True,
    )


def _required(known: messages.Directory, name: str, url: str) -> str:
    value = _optional(known, name)
    if value is None:
        detail = f"not an ACME directory: it has no {name}"
        raise protocol_problem(detail, url=url, kind=Kind.CONFIGURATION)
    return value


def _optional(known: messages.Directory, name: str) -> str | None:
    try:
        value = known[name]
    except KeyError:
        return None
    return value if isinstance(value, str) and value else None


def _profiles(value: object) -> Mapping[str, str] | None:
    # `acme` makes a mapping of its own of every object.
    if not isinstance(value, Mapping):
        return None
    return MappingProxyType({str(name): plain_text(str(text)) for name, text in value.items()})


def _shown(value: object) -> str | None:
    return plain_text(value) if isinstance(value, str) and value else None
