"""The seam between the manager and whatever serves certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from certs.select import CertificateSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A listener that does not serve what it should."""

    listener: str
    served_sha256: str | None
    """None when no handshake was possible."""
    reason: str


class Deployer(Protocol):
    """Brings certificates to where they are served."""

    async def deploy(
        self, sets: Sequence[CertificateSet], *, forget_sessions: bool = False
    ) -> None:
        """Serve these, all of them, from the next handshake on; returns once they are in place.

        Always the whole picture: what is not in it is no longer served. `forget_sessions`: tickets
        of earlier sessions are no longer honoured, since a key was compromised. Raises OSError
        when whoever serves does not follow.
        """

    async def verify(self, wanted: CertificateSet) -> list[Mismatch]:
        """Make real TLS handshakes to the own listeners and compare the leaf they show.

        Empty when all serve what they should, and when there is nothing to ask. Raises OSError when
        nothing can be said: what is served now then stays.
        """


class NowhereDeployer:
    """For use without a server: commands on a store, dry runs."""

    async def deploy(
        self, sets: Sequence[CertificateSet], *, forget_sessions: bool = False
    ) -> None:
        """Nothing serves."""

    async def verify(self, wanted: CertificateSet) -> list[Mismatch]:  # noqa: ARG002
        """Nothing to ask."""
        return []
