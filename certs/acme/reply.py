"""What a CA answered: status, headers and body together, so that nothing is lost on the way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP response, its body read whole and bounded. Errors are `AcmeProblem`, never this."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name; of several with one name, the last (`links` keeps all)."""
    body: bytes = field(repr=False)
    links: Mapping[str, tuple[str, ...]]
    """Addresses by relation, absolute (RFC 8288): `alternate`, `up`, `terms-of-service`."""
    retry_after_s: float | None
    """Seconds from now, whatever form the header had; clamped to 0 and a year."""

    @property
    def location(self) -> str | None:
        """The address of a created resource."""
        return self.headers.get("location")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ValueError when it is none."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value
