"""The solver of tls-alpn-01: keeps the mapping of what listeners answer with, and tries them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from certs.challenges.own import OwnAddresses, address_words, made_up_proof
from certs.challenges.probe import ProbeError, probe
from certs.challenges.solver import PathError, Proof
from certs.challenges.tlsalpn01 import ChallengeCertificate, challenge_certificate, sni_of
from certs.challenges.words import os_words
from certs.clock import Clock
from certs.spec import ChallengeType

Publish = Callable[[Mapping[str, ChallengeCertificate]], Awaitable[None]]
"""Makes every TLS listener answer `acme-tls/1` with these, by SNI, and with nothing else; returns
once all do. Raises PathError or OSError when some cannot be told."""

TURN_DEADLINE_S: Final = 120.0
PROBE_DEADLINE_S: Final = 10.0
_REMEDY_TURN: Final = "Try again when the other order of this name is done."


@dataclass(slots=True)
class _Shown:
    certificate: ChallengeCertificate
    key_authorization: str = field(repr=False)
    users: int


class TlsAlpn01Solver:
    """Answers by way of the listeners. One loop; calls for different proofs overlap.

    A name has room for one certificate: a second authorization of the same name with another token
    waits until the first is cleaned up, at most `turn_deadline_s`.
    """

    type = ChallengeType.TLS_ALPN_01

    def __init__(
        self,
        *,
        publish: Publish,
        own_addresses: OwnAddresses,
        clock: Clock,
        turn_deadline_s: float = TURN_DEADLINE_S,
        probe_deadline_s: float = PROBE_DEADLINE_S,
    ) -> None:
        """`own_addresses` gives the TLS listeners to rehearse with."""
        self._publish = publish
        self._own_addresses = own_addresses
        self._clock = clock
        self._turn_deadline_s = turn_deadline_s
        self._probe_deadline_s = probe_deadline_s
        self._shown: dict[str, _Shown] = {}
        self._freed = asyncio.Condition()
        self._publishing = asyncio.Lock()

    def can_solve(self, identifier: str, *, is_ip: bool, is_wildcard: bool) -> bool:  # noqa: ARG002
        """Everything but wildcards."""
        return not is_wildcard

    async def present(self, proof: Proof) -> None:
        """Let all listeners answer for this name. Raises PathError."""
        sni = sni_of(proof.identifier)
        await self._turn(sni, proof)
        try:
            await self._tell()
        except BaseException as error:
            self._release(sni, proof)
            await self._wake()
            if isinstance(error, OSError):
                raise PathError(
                    f"the listeners cannot be told what to answer for {proof.identifier}: "
                    f"{os_words(error)}",
                    remedy="Look into the log for listeners that failed.",
                ) from error
            raise

    async def wait(self, proof: Proof) -> None:
        """Nothing to wait for: listeners answer once `present` returns."""

    async def clean_up(self, proof: Proof) -> None:
        """Let listeners forget the certificate."""
        if not self._release(sni_of(proof.identifier), proof):
            return
        await self._wake()
        try:
            await self._tell()
        except (PathError, OSError):
            # Harmless: nobody asks for it any more, and the next change publishes the whole anew.
            return

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        """Handshake as a CA does with each of our own listeners. Raises PathError."""
        addresses = self._own_addresses()
        if not addresses:
            raise PathError(
                "tls-alpn-01 needs a TLS listener at port 443, and there is none",
                remedy="Add one, or prefer another challenge.",
            )
        proof = made_up_proof(identifier, is_ip=is_ip)
        await self.present(proof)
        failures = []
        try:
            for host, port in addresses:
                try:
                    await probe(proof, host, port, deadline_s=self._probe_deadline_s)
                except ProbeError as error:
                    failures.append(f"{address_words(host, port)} {error}")
        finally:
            await self.clean_up(proof)
        if failures:
            raise PathError(
                f"tls-alpn-01 for {identifier} does not work at our own listeners: "
                + "; ".join(failures),
                remedy="Until each of them answers, no CA gets an answer either.",
            )

    async def _turn(self, sni: str, proof: Proof) -> None:
        """Take the place of this SNI."""
        try:
            async with asyncio.timeout(self._turn_deadline_s), self._freed:
                await self._freed.wait_for(lambda: self._has_room(sni, proof))
        except TimeoutError:
            raise PathError(
                f"another validation of {proof.identifier} by tls-alpn-01 does not end",
                remedy=_REMEDY_TURN,
            ) from None
        shown = self._shown.get(sni)
        if shown is None:
            self._shown[sni] = _Shown(
                certificate=challenge_certificate(
                    proof.identifier, proof.key_authorization, now=self._clock.now()
                ),
                key_authorization=proof.key_authorization,
                users=1,
            )
        else:
            shown.users += 1

    def _has_room(self, sni: str, proof: Proof) -> bool:
        shown = self._shown.get(sni)
        return shown is None or shown.key_authorization == proof.key_authorization

    def _release(self, sni: str, proof: Proof) -> bool:
        """Whether the certificate went: it was there, and this was its last user."""
        shown = self._shown.get(sni)
        if shown is None or shown.key_authorization != proof.key_authorization:
            return False
        shown.users -= 1
        if shown.users:
            return False
        del self._shown[sni]
        return True

    async def _wake(self) -> None:
        async with self._freed:
            self._freed.notify_all()

    async def _tell(self) -> None:
        """Publish what is shown now. One at a time: an old mapping never overtakes a newer one."""
        async with self._publishing:
            await self._publish({sni: shown.certificate for sni, shown in self._shown.items()})
