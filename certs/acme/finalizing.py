"""From placed to issued: authorizations, the CSR, and the patience to wait (RFC 8555 7.1.6)."""

from typing import Final

from msgspec.structs import replace

from certs.acme import payloads
from certs.acme.authorizing import inspect, prove
from certs.acme.csr import csr_of
from certs.acme.errand import DeadOrder, Errand
from certs.acme.journal import PendingOrder
from certs.acme.polling import Patience
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import protocol_problem
from certs.acme.wire import Order, Status, order_of

ORDER_DEADLINE_S: Final = 600.0
"""Longer than this, an order is left to the next attempt."""
_DEAD: Final = frozenset({Status.INVALID, Status.DEACTIVATED, Status.EXPIRED, Status.REVOKED})


async def issue(
    errand: Errand, pending: PendingOrder, url: str, order: Order, key_pem: bytes
) -> Order:
    """Bring an order to `valid`. Raises DeadOrder when it cannot be, AcmeProblem when not yet.

    `pending` is as it was begun or found, `order` as the CA has it now.
    """
    is_found_dead = order.status in _DEAD
    retry_after_s = None
    patience = _patience(errand)
    while True:
        before = order.status
        match order.status:
            case Status.VALID:
                return order
            case Status.PENDING:
                await prove(errand, order)
            case Status.READY:
                if not pending.is_finalized:
                    pending = replace(pending, is_finalized=True)
                    errand.journal.save(pending)
                await _finalize(errand, order, url, key_pem)
            case Status.PROCESSING | Status.UNKNOWN:
                await patience.pause(retry_after_s, url=url)
            case Status.INVALID | Status.DEACTIVATED | Status.EXPIRED | Status.REVOKED:
                await inspect(errand, order)
                # It may have died long ago, of what is no longer so.
                raise DeadOrder(_why(order, url), is_another_worthwhile=is_found_dead)
        reply = await errand.session.post_as_get(url)
        order, retry_after_s = order_of(reply), reply.retry_after_s
        if order.status is not before:
            patience = _patience(errand)
        elif before in {Status.PENDING, Status.READY}:
            # Done what there was to do, and the CA has not noticed yet.
            await patience.pause(retry_after_s, url=url)


async def _finalize(errand: Errand, order: Order, url: str, key_pem: bytes) -> None:
    """Send the CSR. A refusal may mean that it was taken before: the order itself will tell."""
    if order.finalize is None:
        raise protocol_problem("the CA does not say where to send the CSR", url=url)
    csr = csr_of(key_pem, errand.need.names)
    try:
        await errand.session.post(order.finalize, payloads.finalization(csr))
    except AcmeProblem as problem:
        if problem.name == "orderNotReady":
            return
        if problem.kind is Kind.ORDER:
            now = order_of(await errand.session.post_as_get(url))
            if now.status in {Status.PROCESSING, Status.VALID}:
                return
            raise DeadOrder(problem, is_another_worthwhile=False) from problem
        raise
    errand.on_step("the CSR is sent")


def _patience(errand: Errand) -> Patience:
    return Patience(errand.clock, errand.rng, deadline_s=ORDER_DEADLINE_S, what="the order")


def _why(order: Order, url: str) -> AcmeProblem:
    if order.error is not None:
        return order.error
    return protocol_problem(f"the order is {order.status}", url=url, kind=Kind.ORDER)
