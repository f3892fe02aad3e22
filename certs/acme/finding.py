"""An order that was placed, and whose address was lost in a crash: found again."""

from typing import Final

from msgspec.structs import replace

from certs.acme.echo import is_echo
from certs.acme.errand import Errand
from certs.acme.journal import PendingOrder
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.reply import Reply
from certs.acme.wire import Order, Status, order_of

_MAX_LOOKED_AT: Final = 20


async def found_again(errand: Errand, pending: PendingOrder) -> tuple[PendingOrder, Order] | None:
    """The order of a newOrder whose answer was never seen, where the CA lists orders.

    Where it does not (Let's Encrypt), it gives the same order again to who asks for the same.
    """
    try:
        urls = await _listed(errand)
    except AcmeProblem as problem:
        if problem.status is None or problem.status >= 500:
            raise
        return None  # not every CA has what RFC 8555 section 7.1.2.1 asks for
    for url in urls:
        if errand.journal.is_known_elsewhere(url):
            continue
        try:
            order = order_of(await errand.session.post_as_get(url))
        except AcmeProblem as problem:
            if problem.kind is not Kind.ORDER:
                raise
            continue
        # One that is further than that was finalized, not by us.
        is_open = order.status in {Status.PENDING, Status.READY}
        if is_open and is_echo(order, pending.names):
            pending = replace(pending, url=url)
            errand.journal.save(pending)
            errand.on_step("found the order that was placed before")
            return pending, order
    return None


async def _listed(errand: Errand) -> list[str]:
    """Addresses of the account's orders, those that come last first, no more than is sensible."""
    session = errand.session
    account = _json(await session.post_as_get(session.account_url))
    url = account.get("orders")
    if not isinstance(url, str):
        return []
    urls = _json(await session.post_as_get(url)).get("orders")
    found = [one for one in urls if isinstance(one, str)] if isinstance(urls, list) else []
    return found[::-1][:_MAX_LOOKED_AT]


def _json(reply: Reply) -> dict[str, object]:
    try:
        return reply.json()
    except (ValueError, RecursionError):
        return {}
