"""From a need to a certificate, over any number of crashes (RFC 8555 section 7.4)."""

import random
from collections.abc import Callable, Mapping
from typing import Final

from cryptography import x509
from msgspec.structs import replace

from certs.acme.ari import cert_id_of
from certs.acme.beginning import begin, is_of, new_key
from certs.acme.chain import ChainError
from certs.acme.downloading import download
from certs.acme.errand import DeadOrder, Errand
from certs.acme.finalizing import issue
from certs.acme.finding import found_again
from certs.acme.journal import Journal, PendingOrder
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Issued, Need, NoTally, Tally
from certs.acme.placing import place
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import protocol_problem
from certs.acme.session import Session
from certs.acme.wire import Order, order_of
from certs.challenges.solver import Solver
from certs.clock import Clock
from certs.model import Certificate
from certs.spec import ChallengeType
from certs.store.protocol import Store

_MAX_ORDERS: Final = 3
"""Of one call: the challenge types that there are, one after the other."""


async def obtain(
    session: Session,
    need: Need,
    *,
    store: Store,
    solvers: Mapping[ChallengeType, Solver],
    clock: Clock,
    rng: random.Random,
    on_step: Callable[[str], None],
    memory: ChallengeMemory,
    tally: Tally = NoTally(),  # noqa: B008 - has no state
) -> Issued:
    """Obtain a certificate, taking up whatever an earlier call has begun.

    The caller holds the lineage's lock, stores the result as a version, and only then calls
    `journal.discard`: until then a further call leads to the same certificate. Two lineages of the
    same names must not order at once: some CAs would give both the same order.

    Raises AcmeProblem and StoreError. Of kind PASSING: the order goes on with the next call.
    """
    errand = Errand(
        session=session,
        need=need,
        journal=Journal(store, need.lineage, session.issuer.name),
        solvers=solvers,
        clock=clock,
        rng=rng,
        on_step=on_step,
        memory=memory,
        tally=tally,
    )
    orders = 1
    while True:
        try:
            return await _obtain(errand)
        except DeadOrder as dead:
            errand.journal.forget()
            if not dead.is_another_worthwhile or orders == _MAX_ORDERS:
                raise dead.problem from None
            on_step("once more, with a new order")
            orders += 1


async def _obtain(errand: Errand) -> Issued:
    """One order to its end, one that was found in the journal or a new one."""
    found = errand.journal.load()
    if found is not None and is_of(found, errand):
        found = await _with_key(errand, found)
    else:
        found = None
    is_resumed = found is not None
    if found is None:
        errand.journal.forget()
        found = await begin(errand)
    pending, order = await _order(errand, found, is_resumed=is_resumed)
    key, url = errand.journal.load_key(), pending.url
    assert key is not None
    assert url is not None
    key_pem, _ = key
    order = await issue(errand, pending, url, order, key_pem)
    if order.certificate is None:
        raise protocol_problem("the CA does not say where the certificate is", url=url)
    certificate = await _certificate(errand, order.certificate, key_pem)
    if is_resumed and _is_old(certificate, errand.clock):
        problem = protocol_problem("half of the certificate's life is over", url=url)
        raise DeadOrder(problem, is_another_worthwhile=True)
    errand.on_step("issued")
    leaf = x509.load_pem_x509_certificate(certificate.chain_pem)
    return Issued(
        key_pem=key_pem,
        chain_pem=certificate.chain_pem,
        issuer=pending.issuer,
        directory=pending.directory,
        profile=order.profile or pending.profile,
        order_url=url,
        cert_id=cert_id_of(leaf),
    )


async def _with_key(errand: Errand, pending: PendingOrder) -> PendingOrder | None:
    """The order with a key that is there, and the one that is asked for; None: it is lost.

    Until the CSR is sent, the key can still be another.
    """
    key = errand.journal.load_key()
    is_there = key is not None and key[1] == pending.key_sha256
    asked_for = errand.need.key_pem
    is_right = asked_for is None or (await new_key(errand))[1] == pending.key_sha256
    if is_there and is_right:
        return pending
    if pending.is_finalized:
        return None
    key_pem, key_sha256 = await new_key(errand)
    errand.journal.save_key(key_pem)
    pending = replace(pending, key_sha256=key_sha256)
    errand.journal.save(pending)
    return pending


async def _order(
    errand: Errand, pending: PendingOrder, *, is_resumed: bool
) -> tuple[PendingOrder, Order]:
    """The order as the CA has it, placed if it was not."""
    if pending.url is None:
        again = await found_again(errand, pending) if is_resumed else None
        return again or await place(errand, pending)
    errand.on_step("taken up again")
    try:
        return pending, order_of(await errand.session.post_as_get(pending.url))
    except AcmeProblem as problem:
        if problem.kind is Kind.ORDER:
            # Unknown, or expired and removed.
            raise DeadOrder(problem, is_another_worthwhile=True) from problem
        raise


async def _certificate(errand: Errand, url: str, key_pem: bytes) -> Certificate:
    try:
        return await download(errand, url, key_pem)
    except AcmeProblem as refusal:
        if refusal.kind is Kind.ORDER:
            raise DeadOrder(refusal, is_another_worthwhile=False) from refusal
        raise
    except ChainError as error:
        problem = AcmeProblem(
            type="chain",
            detail=f"the certificate cannot be used: {error}",
            kind=Kind.PASSING if error.is_early else Kind.ORDER,
            url=url,
        )
        if error.is_early:
            raise problem from error
        raise DeadOrder(problem, is_another_worthwhile=False) from error


def _is_old(certificate: Certificate, clock: Clock) -> bool:
    """Whether it is what a crash left behind long ago, and would be due as soon as it is stored."""
    middle = certificate.not_before + (certificate.not_after - certificate.not_before) / 2
    return clock.now() > middle
