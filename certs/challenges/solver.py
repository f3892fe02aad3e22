"""The contract of a challenge solver: present, wait, self-check, clean up."""

from dataclasses import dataclass, field
from typing import Protocol

from certs.spec import ChallengeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one authorization asks for."""

    identifier: str
    """A DNS name without `*.`, or an IP address; canonical."""
    is_ip: bool
    is_wildcard: bool
    token: str = field(repr=False)
    key_authorization: str = field(repr=False)
    """`token.thumbprint` (RFC 8555 section 8.1)."""


class PathError(Exception):
    """A way of proving does not work from here; the text tells an operator why, and what to do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.message = message
        self.remedy = remedy


class Solver(Protocol):
    """One challenge type. Several proofs may be up at once; calls for different ones overlap."""

    @property
    def type(self) -> ChallengeType:
        """Which challenge it answers."""

    def can_solve(self, identifier: str, *, is_ip: bool, is_wildcard: bool) -> bool:
        """Whether this type can prove it at all: wildcards need dns-01, IP addresses exclude it."""

    async def present(self, proof: Proof) -> None:
        """Put the answer where the CA will look. Raises PathError."""

    async def wait(self, proof: Proof) -> None:
        """Return once the answer can be seen from outside (dns-01: at all authoritative servers).

        Bounded by the solver's own deadline. Raises PathError.
        """

    async def clean_up(self, proof: Proof) -> None:
        """Take the answer away again. Never raises; harmless when it was not presented."""

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        """Try the whole path against ourselves with a made-up proof. Raises PathError."""
