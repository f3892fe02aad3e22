"""dns-01: a TXT record in the name's zone, or wherever a CNAME points (RFC 8555 section 8.4)."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from certs.challenges.dns.propagation import Propagation
from certs.challenges.dns.provider import DnsProvider
from certs.challenges.dns.resolving import Resolving
from certs.challenges.own import made_up_proof
from certs.challenges.solver import PathError, Proof
from certs.events import EventSink, PathFailed
from certs.spec import ChallengeType

LABEL: Final = "_acme-challenge"


@dataclass(slots=True)
class _Record:
    fqdn: str
    users: int


class Dns01Solver:
    """Puts values where `DnsProvider` can, and waits until `Propagation` says that all see them.

    A wildcard and its base name have values of their own at one name: both stay.
    """

    type = ChallengeType.DNS_01

    def __init__(
        self,
        *,
        provider: DnsProvider,
        resolving: Resolving,
        propagation: Propagation | None,
        sink: EventSink,
    ) -> None:
        """Without `propagation`, the CA is told at once and judges alone."""
        self._provider = provider
        self._resolving = resolving
        self._propagation = propagation
        self._sink = sink
        self._records: dict[tuple[str, str], _Record] = {}
        # Many services answer to read-modify-write of a whole record set: never two at once.
        self._changing = asyncio.Lock()

    def can_solve(self, identifier: str, *, is_ip: bool, is_wildcard: bool) -> bool:  # noqa: ARG002
        """All names, wildcards too; no addresses (RFC 8738 section 7)."""
        return not is_ip

    async def present(self, proof: Proof) -> None:
        """Add the value to the zone. Raises PathError."""
        value = txt_value(proof.key_authorization)
        key = (proof.identifier, value)
        async with self._changing:
            record = self._records.get(key)
            if record is not None:
                record.users += 1
                return
            fqdn = await self._resolving.follow(f"{LABEL}.{proof.identifier}.")
            # Kept from here on: a call that fails half way may have added it.
            self._records[key] = _Record(fqdn=fqdn, users=1)
            await self._provider.present(fqdn, value)

    async def wait(self, proof: Proof) -> None:
        """Return once all authoritative servers have the value. Raises PathError."""
        value = txt_value(proof.key_authorization)
        record = self._records.get((proof.identifier, value))
        if record is not None and self._propagation is not None:
            await self._propagation.wait_until_visible(record.fqdn, value)

    async def clean_up(self, proof: Proof) -> None:
        """Remove the value, this one only."""
        value = txt_value(proof.key_authorization)
        key = (proof.identifier, value)
        async with self._changing:
            record = self._records.get(key)
            if record is None:
                return
            record.users -= 1
            if record.users:
                return
            del self._records[key]
            try:
                await self._provider.clean_up(record.fqdn, value)
            except PathError as error:
                reason = f"a TXT value stays at {record.fqdn}: {error}"
                self._sink(
                    PathFailed(
                        challenge=self.type.value, identifier=proof.identifier, reason=reason
                    )
                )

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        """Put a made-up value there, see it at all servers, remove it. Raises PathError."""
        proof = made_up_proof(identifier, is_ip=is_ip)
        try:
            await self.present(proof)
            await self.wait(proof)
        finally:
            await self.clean_up(proof)


def txt_value(key_authorization: str) -> str:
    """What the TXT record says: base64url of the digest."""
    digest = hashlib.sha256(key_authorization.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
