"""What the certificate manager deploys to: the workers, and the listeners as a client sees them."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import certs
from edge.config.tree import ClientAuth, Listener, Policy, TcpAddress
from edge.run.distributing import Distributor
from edge.run.selfcheck import NotServingTlsError, Question, Sight, dialled, see

_AT_ONCE: Final = 4
_TRIES: Final = 3
_PAUSE_S: Final = 1.0
"""Longer than it takes to replace a worker."""


@dataclass(frozen=True, slots=True)
class _Wrong:
    mismatch: certs.Mismatch
    is_silent: bool


class WorkersDeployer:
    """A `certs.Deployer`."""

    def __init__(self, distributor: Distributor, listeners: Sequence[Listener]) -> None:
        self._distributor = distributor
        self._listeners = listeners
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def deploy(
        self, sets: Sequence[certs.CertificateSet], *, forget_sessions: bool = False
    ) -> None:
        """Serve these from the next handshake on. Raises OSError when workers do not follow."""
        await self._distributor.show_sets(sets, forget_sessions=forget_sessions)

    async def verify(self, wanted: certs.CertificateSet) -> list[certs.Mismatch]:
        """Ask every listener for the names of `wanted` and compare what it shows.

        Raises TimeoutError when all that can be said is that some are too busy to answer.
        """
        async with asyncio.TaskGroup() as tasks:
            asked = [
                tasks.create_task(
                    self._ask(listener, address, question, wanted),
                    name=f"self-check {listener.name}",
                )
                for listener in self._listeners
                for address in listener.bind
                for question in _questions(listener, address, wanted)
            ]
        if self._distributor.is_stopping:
            return []
        found = [wrong for task in asked if (wrong := task.result()) is not None]
        mismatches = [one.mismatch for one in found if not one.is_silent]
        if found and not mismatches:
            silent = found[0].mismatch
            raise TimeoutError(f"{silent.listener}: {silent.reason}")
        return mismatches

    async def _ask(
        self,
        listener: Listener,
        address: TcpAddress,
        question: Question,
        wanted: certs.CertificateSet,
    ) -> "_Wrong | None":
        try:
            async with self._places:
                sight = await self._seen(listener, address, question)
        except NotServingTlsError:
            return None
        if sight.leaf_sha256 in {one.leaf_sha256 for one in _suitable(wanted, question)}:
            return None
        mismatch = certs.Mismatch(
            listener=f"{listener.name} {address}",
            served_sha256=sight.leaf_sha256,
            reason=sight.failure or "it serves another certificate",
        )
        return _Wrong(mismatch, is_silent=sight.is_silent)

    async def _seen(self, listener: Listener, address: TcpAddress, question: Question) -> Sight:
        """What it serves. No handshake at all may mean that a worker has just died: again, then."""
        sight = await see(listener, address, question)
        for _ in range(_TRIES - 1):
            if sight.failure is None or sight.is_silent or self._distributor.is_stopping:
                break
            await asyncio.sleep(_PAUSE_S)
            sight = await see(listener, address, question)
        return sight


def _questions(
    listener: Listener, address: TcpAddress, wanted: certs.CertificateSet
) -> Iterable[Question]:
    name = _asked_name(wanted.names)
    if name is None and dialled(address)[0] not in wanted.names:
        return
    yield Question(server_name=name, is_rsa_only=False)
    # Only up to TLS 1.2 can a client of ours say which kind of key it wants; there it does not get
    # to see the proof of the key without a certificate of its own, where one is required.
    is_proof_shown = listener.client_ca is None or listener.client_auth is ClientAuth.REQUEST
    has_tls_1_2 = listener.tls_policy is not Policy.MODERN
    if has_tls_1_2 and is_proof_shown and _has_both_kinds(wanted):
        yield Question(server_name=name, is_rsa_only=True)


def _asked_name(names: Sequence[str]) -> str | None:
    """A name to ask for; None for addresses alone, which no client can send as a name.

    A client that names nobody gets the certificate of the address that it has connected to.
    """
    for name in names:
        if not name.replace(":", "").replace(".", "").isdigit() and ":" not in name:
            return name.replace("*", "edge-self-check", 1)
    return None


def _suitable(wanted: certs.CertificateSet, question: Question) -> list[certs.Certificate]:
    if question.is_rsa_only:
        return [one for one in wanted.certificates if _is_rsa(one)]
    return list(wanted.certificates)


def _has_both_kinds(wanted: certs.CertificateSet) -> bool:
    return {_is_rsa(one) for one in wanted.certificates} == {True, False}


def _is_rsa(certificate: certs.Certificate) -> bool:
    return certificate.signature_scheme is None
