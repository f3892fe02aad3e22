"""Listeners that serve what they are told, or do not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from certs.manager.deploy import Mismatch
from certs.model import Certificate
from certs.select import CertificateSet

LISTENER = "imaps 127.0.0.1:993"


@dataclass(slots=True)
class FakeDeployer:
    """A `certs.manager.deploy.Deployer`."""

    is_deaf: bool = False
    """Deployments fail."""
    is_stuck: bool = False
    """Deployments are taken, and what was served before is served on."""
    deployed: list[tuple[CertificateSet, ...]] = field(default_factory=list)
    """Each picture that was taken."""
    forgot_sessions: list[bool] = field(default_factory=list)
    served: dict[str, tuple[Certificate, ...]] = field(default_factory=dict)
    """By first name."""
    looks: int = 0

    async def deploy(
        self, sets: Sequence[CertificateSet], *, forget_sessions: bool = False
    ) -> None:
        await asyncio.sleep(0)
        if self.is_deaf:
            raise ConnectionResetError("the workers are gone")
        self.deployed.append(tuple(sets))
        self.forgot_sessions.append(forget_sessions)
        if not self.is_stuck:
            self.served = {one.names[0]: one.certificates for one in sets}

    async def verify(self, wanted: CertificateSet) -> list[Mismatch]:
        await asyncio.sleep(0)
        self.looks += 1
        served = self.served.get(wanted.names[0], ())
        if [one.leaf_sha256 for one in served] == [one.leaf_sha256 for one in wanted.certificates]:
            return []
        return [
            Mismatch(
                listener=LISTENER,
                served_sha256=served[0].leaf_sha256 if served else None,
                reason="it serves another certificate",
            )
        ]

    def leaf(self, name: str, position: int = 0) -> str:
        """The digest of what is served."""
        return self.served[name][position].leaf_sha256
