"""Authorizations of an order, proved (RFC 8555 section 7.5)."""

from functools import partial
from typing import Final

from certs.acme import payloads
from certs.acme.errand import DeadOrder, Errand
from certs.acme.judging import Seen, judge
from certs.acme.polling import Patience, few_at_once
from certs.acme.presenting import Claim, presented
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import protocol_problem
from certs.acme.wire import Authorization, Challenge, Order, Status, authorization_of

VALIDATION_DEADLINE_S: Final = 300.0


async def prove(errand: Errand, order: Order) -> None:
    """Prove whatever of an order is not proved yet.

    Raises DeadOrder when the CA was not convinced (then the open authorizations are given up) and
    AcmeProblem when nothing can be said yet, or no path works.
    """
    seen = await _look(errand, order)
    await judge(errand, seen)
    # One whose status is unknown may come round: looked at again, but there is no answer to give.
    claims = [_claim(errand, one) for one in seen if one.authorization.status is Status.PENDING]
    async with presented(errand, claims):
        calls = [partial(_validate, errand, claim) for claim in claims]
        waits = [
            partial(_settled, errand, one.url, one.identifier)
            for one in seen
            if one.authorization.status not in {Status.PENDING, Status.VALID}
        ]
        done = await few_at_once([*calls, *waits])
    await judge(errand, done)


async def inspect(errand: Errand, order: Order) -> None:
    """Learn from a dead order which authorization it died of. Raises DeadOrder if one did."""
    await judge(errand, await _look(errand, order))


async def _look(errand: Errand, order: Order) -> list[Seen]:
    return await few_at_once(partial(_get, errand, url) for url in order.authorizations)


async def _get(errand: Errand, url: str) -> Seen:
    try:
        seen = Seen(url, authorization_of(await errand.session.post_as_get(url)))
    except AcmeProblem as refusal:
        if refusal.kind is Kind.ORDER:
            # Unknown, or expired and removed: the order cannot live without it.
            raise DeadOrder(refusal, is_another_worthwhile=True) from refusal
        raise
    if {seen.identifier, f"*.{seen.identifier}"}.isdisjoint(errand.need.names):
        # To prove what nobody asked for would be to lend somebody our name.
        problem = protocol_problem(
            "the CA wants proof of a name that was not ordered", url=url, kind=Kind.ORDER
        )
        raise DeadOrder(problem, is_another_worthwhile=False)
    return seen


def _claim(errand: Errand, seen: Seen) -> Claim:
    is_wildcard = seen.is_wildcard(errand.need.names)
    types = errand.types_for(seen.identifier, is_ip=seen.is_ip, is_wildcard=is_wildcard)
    offered = {challenge.type: challenge for challenge in seen.authorization.challenges}
    usable = [offered[type_] for type_ in types if type_ in offered]
    # One that the CA is already looking at, told of by an earlier run, decides.
    begun = [one for one in usable if one.status is Status.PROCESSING]
    untouched = [one for one in usable if one.status is Status.PENDING]
    return Claim(
        url=seen.url,
        identifier=seen.identifier,
        is_ip=seen.is_ip,
        is_wildcard=is_wildcard,
        open=begun or untouched,
    )


async def _validate(errand: Errand, claim: Claim) -> Seen:
    """Tell the CA to look, and wait for what it says."""
    challenge = claim.challenge
    if challenge.status is Status.PENDING:
        try:
            await errand.session.post(challenge.url, payloads.challenge_response(challenge.type))
        except AcmeProblem as problem:
            if problem.kind is not Kind.ORDER:
                raise
            # Told already, by another order that shares the authorization or by a request whose
            # answer was lost: what the authorization says then counts.
            now = await _get(errand, claim.url)
            if _is_untouched(now.authorization, challenge):
                raise
    seen = await _settled(errand, claim.url, claim.identifier)
    if seen.authorization.status is Status.VALID:
        errand.memory.worked(claim.identifier, challenge.type)
        errand.on_step(f"{challenge.type} for {claim.identifier}: the CA is convinced")
    return seen


async def _settled(errand: Errand, url: str, identifier: str) -> Seen:
    what = f"the validation of {identifier}"
    patience = Patience(errand.clock, errand.rng, deadline_s=VALIDATION_DEADLINE_S, what=what)
    while True:
        reply = await errand.session.post_as_get(url)
        authorization = authorization_of(reply)
        if authorization.status not in {Status.PENDING, Status.PROCESSING, Status.UNKNOWN}:
            return Seen(url, authorization)
        await patience.pause(reply.retry_after_s, url=url)


def _is_untouched(authorization: Authorization, challenge: Challenge) -> bool:
    same = (one for one in authorization.challenges if one.url == challenge.url)
    return authorization.status is Status.PENDING and any(
        one.status is Status.PENDING for one in same
    )
