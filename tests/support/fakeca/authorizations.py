"""Authorizations and challenges (RFC 8555 section 7.5)."""

from datetime import timedelta
from typing import Any, Final

from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.encoding import b64url
from tests.support.fakeca.problems import Problem, malformed
from tests.support.fakeca.retryafter import retry_after
from tests.support.fakeca.state import Account, Authorization, Challenge, new_id

_LIFETIME = timedelta(days=7)


async def authz(core: Core, call: Call) -> Answer:
    """Read, or deactivate (section 7.5.2)."""
    found = core.state.authorization(call.path["id"], call.account)
    if not call.is_get:
        if call.json() != {"status": "deactivated"}:
            raise malformed("an authorization can only be deactivated")
        if found.status in {"pending", "valid"}:
            found.status = "deactivated"
            core.record.deactivated_authorizations += 1
    return _authorization_answer(core, found)


async def challenge(core: Core, call: Call) -> Answer:
    """Read, or say that the answer is in place (section 7.5.1)."""
    found = core.state.authorization(call.path["id"], call.account)
    matching = (c for c in found.challenges if c.id == call.path["challenge"])
    asked = next(matching, None)
    if asked is None:
        raise Problem("malformed", "no such challenge", status=404)
    to_validate = None
    if not call.is_get:
        if call.json() != {}:
            core.record.violations.append(f"challenge: payload {call.payload[:50]!r}")
            raise malformed("the response to a challenge is {}")
        if found.status != "pending":
            raise malformed(f"the authorization is {found.status}")
        if asked.status == "pending":
            asked.status = "processing"
            to_validate = (found, asked)
    return Answer(
        body=_challenge_json(core, found, asked),
        links=[(core.url("authz", found.id), "up")],
        to_validate=to_validate,
    )


def authorization_for(core: Core, account: Account, identifier: dict[str, str]) -> Authorization:
    """A new one, or a valid one of before when the faults say so."""
    name = identifier["value"].removeprefix("*.")
    is_wildcard = name != identifier["value"]
    plain = {"type": identifier["type"], "value": name}
    if core.faults.is_authz_reused:
        for old in core.state.authorizations.values():
            is_same = old.account is account and old.identifier == plain
            if is_same and old.status == "valid" and old.is_wildcard == is_wildcard:
                return old
    made = Authorization(
        id=new_id(),
        account=account,
        identifier=plain,
        is_wildcard=is_wildcard,
        expires_at=core.now() + _LIFETIME,
        challenges=_challenges(core, plain, is_wildcard=is_wildcard),
        polls_left=core.faults.authz_polls,
    )
    core.state.authorizations[made.id] = made
    return made


def _challenges(core: Core, identifier: dict[str, str], *, is_wildcard: bool) -> list[Challenge]:
    types = core.faults.offered_challenges
    if identifier["type"] == "ip":
        types = [t for t in types if t != "dns-01"]
    if is_wildcard:
        types = [t for t in types if t == "dns-01"]
    made = [_challenge(core, t) for t in types]
    core.rng.shuffle(made)
    return made


def _challenge(core: Core, kind: str) -> Challenge:
    token = b64url(core.rng.randbytes(32))
    return Challenge(id=new_id(), type=kind, token=token)


def _authorization_answer(core: Core, found: Authorization) -> Answer:
    status = found.status
    if status == "valid" and found.polls_left > 0:
        found.polls_left -= 1
        status = "pending"
    shown = core.faults.authz_status or status
    body: dict[str, Any] = {
        "status": shown,
        "expires": found.expires_at.isoformat().replace("+00:00", "Z"),
        "identifier": found.identifier,
        "challenges": [_challenge_json(core, found, c) for c in _shown(found)],
    }
    if core.faults.has_strange_challenges:
        body["challenges"] = [*_STRANGE_CHALLENGES, *body["challenges"]]
    if found.is_wildcard:
        body["wildcard"] = True
    headers = {}
    if shown == "pending" and core.faults.poll_retry_after is not None:
        headers["Retry-After"] = retry_after(core.faults.poll_retry_after, core.now())
    return Answer(body=body, headers=headers)


def _shown(found: Authorization) -> list[Challenge]:
    """All; once it is decided, only the challenge that decided it (RFC 8555 section 7.1.4)."""
    if found.status in {"pending", "deactivated"}:
        return found.challenges
    return [c for c in found.challenges if c.status in {"valid", "invalid"}]


def _challenge_json(core: Core, owner: Authorization, c: Challenge) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": c.type,
        "url": core.url("challenge", owner.id, c.id),
        "status": c.status,
        "token": c.token,
    }
    if c.error is not None:
        shown["error"] = c.error
    if c.validated_at is not None:
        shown["validated"] = c.validated_at.isoformat()
    return shown


_STRANGE_CHALLENGES: Final[list[dict[str, Any]]] = [
    {
        "type": "dns-persist-01",
        "url": "https://ca.invalid/challenge/1",
        "status": "pending",
        "issuer-domain-names": ["ca.invalid"],
    },
    {"type": "carrier-pigeon-99", "url": "https://ca.invalid/challenge/2", "status": "hungry"},
    {"type": "http-01", "url": "https://ca.invalid/3", "status": "resting", "token": "abc"},
    {"status": "pending"},
]
