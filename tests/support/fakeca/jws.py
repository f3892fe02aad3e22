"""Flattened JWS (RFC 7515 section 7.2.2), form only, as RFC 8555 section 6.2 restricts it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.fakeca.encoding import unb64url
from tests.support.fakeca.problems import malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """Decoded, not verified."""

    protected: Mapping[str, Any]
    payload: bytes
    message: bytes
    """What the signature covers."""
    signature: bytes

    @property
    def alg(self) -> str:
        return str(self.protected.get("alg"))

    def json(self) -> dict[str, Any]:
        """The payload as an object. Raises Problem malformed."""
        return json_object(self.payload, "payload")


def parse(value: object) -> Jws:
    """Take a JWS apart. Raises Problem malformed."""
    if not isinstance(value, dict):
        raise malformed("a JWS is a JSON object")
    if set(value) != {"protected", "payload", "signature"}:
        raise malformed(f"members of the JWS: {sorted(value)}")
    try:
        protected, payload, signature = (
            unb64url(value[name]) for name in ("protected", "payload", "signature")
        )
    except ValueError as error:
        raise malformed(f"JWS: {error}") from error
    header = json_object(protected, "protected header")
    if "crit" in header or "b64" in header:
        raise malformed("extensions in the protected header")
    if "jwk" in header and not isinstance(header["jwk"], dict):
        raise malformed("jwk is no object")
    return Jws(
        protected=header,
        payload=payload,
        message=f"{value['protected']}.{value['payload']}".encode(),
        signature=signature,
    )


def json_object(text: bytes, what: str) -> dict[str, Any]:
    """Parse an object. Raises Problem malformed."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise malformed(f"{what} is no JSON") from error
    if not isinstance(value, dict):
        raise malformed(f"{what} is no JSON object")
    return value
