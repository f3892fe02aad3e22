"""What was asked of this CA, counted: what tests assert."""

import msgspec


class Asked(msgspec.Struct, kw_only=True, frozen=True):
    """One request and how it ended; status 0: the connection was closed instead."""

    method: str
    resource: str
    status: int


class Record(msgspec.Struct, kw_only=True):
    """Everything since the start."""

    requests: list[Asked] = []
    violations: list[str] = []
    """What no client may ever send: invalid JWS, nonces used twice, wrong media types."""
    nonces_issued: int = 0
    nonces_rejected: int = 0
    orders: dict[str, int] = {}
    """newOrder requests accepted, by `identifiers_key`."""
    certificates: dict[str, int] = {}
    """Certificates issued, by `identifiers_key`."""
    replaced: list[str] = []
    """`replaces` of accepted orders."""
    profiles: list[str | None] = []
    """`profile` of accepted orders."""
    validations: list[str] = []
    """`type identifier outcome`."""
    deactivated_authorizations: int = 0
    user_agents: list[str] = []
    """Each different one."""

    def count(self, resource: str, *, status: int | None = None) -> int:
        """How often a resource was asked (and answered so)."""
        return sum(
            asked.resource == resource and status in (None, asked.status) for asked in self.requests
        )


def identifiers_key(values: list[str]) -> str:
    """One set of identifiers, whatever their order."""
    return ",".join(sorted(values))
