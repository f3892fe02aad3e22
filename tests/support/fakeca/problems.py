"""Problem documents (RFC 9457, RFC 8555 section 6.7) as exceptions of the handlers."""

from collections.abc import Mapping
from typing import Any

URN = "urn:ietf:params:acme:error:"


class Problem(Exception):  # noqa: N818 - the RFC calls it a problem
    """Ends a request with an error. `name` is the last part of the URN."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail
        self.status = status
        self.headers = dict(headers or {})
        self.members = members

    def document(self) -> dict[str, Any]:
        """The JSON of the reply, and of an `error` member in an order or a challenge."""
        return {
            "type": f"{URN}{self.name}",
            "detail": self.detail,
            "status": self.status,
            **self.members,
        }


def malformed(detail: str) -> Problem:
    """The commonest one."""
    return Problem("malformed", detail)


class Forgivable(Problem):
    """An error that a good client can get, too: no violation."""
