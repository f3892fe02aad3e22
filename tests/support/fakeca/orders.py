"""newOrder and the order resource (RFC 8555 section 7.4, RFC 9773 section 5, profiles)."""

from datetime import timedelta
from typing import Any

from tests.support.fakeca.accounts import demand_terms
from tests.support.fakeca.authorizations import authorization_for
from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.identifiers import identifiers_of
from tests.support.fakeca.problems import Problem, malformed
from tests.support.fakeca.record import identifiers_key
from tests.support.fakeca.retryafter import retry_after
from tests.support.fakeca.state import Account, Order, new_id

_LIFETIME = timedelta(days=7)


async def new_order(core: Core, call: Call) -> Answer:
    demand_terms(core, call.account)
    wanted = call.json()
    unknown = set(wanted) - {"identifiers", "profile", "replaces", "notBefore", "notAfter"}
    if unknown:
        raise malformed(f"members of the order: {sorted(unknown)}")
    if {"notBefore", "notAfter"} & set(wanted):
        raise malformed("notBefore and notAfter are not supported")
    identifiers = identifiers_of(wanted, core.faults)
    profile = _profile(core, wanted)
    replaces = _replaces(core, call.account, wanted)
    if core.faults.is_order_reused:
        open_order = _open_order(core, call.account, identifiers, profile)
        if open_order is not None:
            return order_answer(core, open_order, status=201)
    order = Order(
        id=new_id(),
        account=call.account,
        identifiers=identifiers,
        authorizations=[authorization_for(core, call.account, i) for i in identifiers],
        expires_at=core.now() + _LIFETIME,
        profile=profile,
        replaces=replaces,
        polls_left=core.faults.processing_polls,
    )
    core.state.orders[order.id] = order
    _count(core, order)
    refresh(core, order)
    return order_answer(core, order, status=201)


async def order(core: Core, call: Call) -> Answer:
    found = core.state.order(call.path["id"], call.account)
    if not call.is_get:
        core.record.violations.append("order: not a POST-as-GET")
        raise malformed("an order is read by POST-as-GET")
    refresh(core, found)
    if found.status == "processing":
        found.polls_left -= 1
        if found.polls_left < 0:
            found.status = "valid"
    return order_answer(core, found)


async def orders(core: Core, call: Call) -> Answer:
    own = (o for o in core.state.orders.values() if o.account is call.account)
    return Answer(body={"orders": [core.url("order", o.id) for o in own]})


def refresh(core: Core, order: Order) -> None:
    """What the authorizations make of an order (section 7.1.6)."""
    if order.status not in {"pending", "ready"}:
        return
    statuses = {a.status for a in order.authorizations}
    if statuses == {"valid"}:
        order.status = "ready"
    elif statuses - {"valid", "pending"} or core.now() > order.expires_at:
        order.status = "invalid"
        order.error = Problem("unauthorized", "an authorization failed", status=403).document()


def order_answer(core: Core, order: Order, *, status: int = 200) -> Answer:
    shown = core.faults.order_status or order.status
    body: dict[str, Any] = {
        "status": shown,
        "expires": order.expires_at.isoformat().replace("+00:00", "Z"),
        "identifiers": _echo(core, order.identifiers),
        "authorizations": [core.url("authz", a.id) for a in order.authorizations],
        "finalize": core.url("finalize", order.id),
    }
    if order.profile is not None:
        body["profile"] = order.profile
    if order.error is not None:
        body["error"] = order.error
    if order.replaces is not None:
        body["replaces"] = order.replaces
    if order.issued is not None and shown == "valid":
        body["certificate"] = core.url("certificate", order.issued.id, "0")
    headers = {"Location": core.url("order", order.id)}
    if shown in {"pending", "processing"} and core.faults.poll_retry_after is not None:
        headers["Retry-After"] = retry_after(core.faults.poll_retry_after, core.now())
    return Answer(status=status, body=body, headers=headers)


def _profile(core: Core, wanted: dict[str, Any]) -> str | None:
    profiles = core.faults.profiles
    profile = wanted.get("profile")
    if profiles is None:
        return None  # as an older CA does: the member is not known and has no effect
    if profile is None:
        return next(iter(profiles))
    if profile not in profiles:
        raise Problem("invalidProfile", f"profile {profile!r} is not offered")
    return str(profile)


def _replaces(core: Core, account: Account, wanted: dict[str, Any]) -> str | None:
    replaces = wanted.get("replaces")
    if replaces is None:
        return None
    match core.faults.replaces:
        case "alreadyReplaced" | "conflict" as name:
            raise Problem(name, "this one was replaced before", status=409)
        case "odd_409":
            raise Problem("malformed", "no", status=409)
        case "malformed":
            raise malformed("replaces cannot be parsed")
        case "server_error":
            raise Problem("serverInternal", "error finding the replaced order", status=500)
        case "honest":
            pass
    replaced = core.state.certificate_of(str(replaces))
    if replaced is None:
        raise Problem("malformed", "replaces: no such certificate", status=404)
    if replaced.account is not account:
        raise Problem("unauthorized", "replaces: of another account", status=403)
    if replaced.is_replaced:
        raise Problem("alreadyReplaced", "it was replaced before", status=409)
    if not set(replaced.identifiers) & {i["value"] for i in wanted["identifiers"]}:
        raise malformed("replaces: no name in common")
    return str(replaces)


def _open_order(
    core: Core, account: Account, identifiers: list[dict[str, str]], profile: str | None
) -> Order | None:
    def key(values: list[dict[str, str]]) -> str:
        return identifiers_key([i["value"] for i in values])

    for found in core.state.orders.values():
        refresh(core, found)
        is_same = key(found.identifiers) == key(identifiers) and found.profile == profile
        if found.account is account and is_same and found.status in {"pending", "ready"}:
            return found
    return None


def _count(core: Core, order: Order) -> None:
    record = core.record
    key = identifiers_key([i["value"] for i in order.identifiers])
    record.orders[key] = record.orders.get(key, 0) + 1
    record.profiles.append(order.profile)
    if order.replaces is not None:
        record.replaced.append(order.replaces)


def _echo(core: Core, identifiers: list[dict[str, str]]) -> list[dict[str, str]]:
    match core.faults.echo:
        case "same":
            return identifiers
        case "changed":
            return [{"type": "dns", "value": "elsewhere.example"}, *identifiers[1:]]
        case "missing":
            return identifiers[1:]
        case "added":
            return [*identifiers, {"type": "dns", "value": "elsewhere.example"}]
        case "reordered":
            return identifiers[::-1]
        case "upper_case":
            return [{**i, "value": i["value"].upper()} for i in identifiers]
