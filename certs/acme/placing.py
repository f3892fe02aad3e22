"""newOrder (RFC 8555 section 7.4), with what a CA may not like left out at the second try."""

from typing import Final

from msgspec.structs import replace

from certs.acme import payloads
from certs.acme.echo import is_echo
from certs.acme.errand import Errand
from certs.acme.journal import PendingOrder
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import protocol_problem
from certs.acme.reply import Reply
from certs.acme.wire import Order, order_of

_NOT_ABOUT_REPLACES: Final = frozenset(
    {"rejectedIdentifier", "unsupportedIdentifier", "invalidProfile", "caa", "badNonce"}
)


async def place(errand: Errand, pending: PendingOrder) -> tuple[PendingOrder, Order]:
    """Ask for the order, and write its address down. Raises AcmeProblem.

    Once more without `replaces` when the CA may not like it, whatever it calls that: certificates
    have expired over such answers. Once more without a profile that need not be.
    """
    session = errand.session
    while True:
        errand.journal.save(pending)
        errand.tally.ordered(is_exempt=pending.replaces is not None)
        wanted = payloads.new_order(
            [payloads.identifier_of(name) for name in pending.names],
            profile=pending.profile,
            replaces=pending.replaces,
        )
        try:
            reply = await session.post(session.directory.new_order, wanted)
        except AcmeProblem as problem:
            if pending.replaces is not None and _may_be_about_replaces(problem):
                errand.on_step("the CA does not take what is replaced: ordered without it")
                pending = replace(pending, replaces=None)
            elif (
                pending.profile is not None
                and problem.name == "invalidProfile"
                and not session.issuer.is_profile_required
            ):
                errand.on_step(f"the CA does not take the profile {pending.profile}: without it")
                pending = replace(pending, profile=None)
            else:
                if problem.status is not None and problem.status < 500:
                    errand.journal.forget()  # refused: there is no order
                raise
        else:
            return _placed(errand, pending, reply)


def _placed(errand: Errand, pending: PendingOrder, reply: Reply) -> tuple[PendingOrder, Order]:
    order = order_of(reply)
    url = reply.location
    if url is None:
        raise protocol_problem("the CA does not say where the order is", url=reply.url)
    if not is_echo(order, pending.names):
        errand.journal.forget()
        raise protocol_problem(
            "the CA's order is for other names than were asked for", url=url, kind=Kind.ORDER
        )
    wanted = errand.session.issuer.is_profile_required and pending.profile
    if wanted and order.profile not in (None, wanted):
        errand.journal.forget()
        raise protocol_problem(
            f"the CA's order has another profile than {wanted}", url=url, kind=Kind.ORDER
        )
    if errand.journal.is_known_elsewhere(url):
        # Let's Encrypt gives an open order again to who asks for the same names; two keys cannot
        # share it.
        errand.journal.forget()
        raise AcmeProblem(
            type="busy",
            detail="another order of the same names is under way and must be done first",
            kind=Kind.PASSING,
            url=url,
        )
    # The account may have been registered anew on the way.
    pending = replace(pending, url=url, account_url=errand.session.account_url)
    errand.journal.save(pending)
    errand.on_step("ordered")
    return pending, order


def _may_be_about_replaces(problem: AcmeProblem) -> bool:
    if problem.status == 409:
        return True
    is_refusal = problem.kind is Kind.ORDER or problem.status == 500
    return problem.status is not None and is_refusal and problem.name not in _NOT_ABOUT_REPLACES
