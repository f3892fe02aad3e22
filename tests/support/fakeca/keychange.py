"""Account key rollover (RFC 8555 section 7.3.5)."""

from tests.support.fakeca import jws as jws_module
from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.keys import is_signed, thumbprint
from tests.support.fakeca.problems import Problem, malformed


async def key_change(core: Core, call: Call) -> Answer:
    """The payload is a JWS by the new key, over the account and its old key."""
    try:
        inner = jws_module.parse(call.json())
        header = inner.protected
        if set(header) != {"alg", "jwk", "url"}:
            raise malformed(f"inner JWS: members {sorted(header)}")
        if header["url"] != core.url("keyChange"):
            raise malformed("inner JWS: another url")
        if not is_signed(inner.alg, header["jwk"], inner.message, inner.signature):
            raise malformed("inner JWS: the signature is wrong")
        if inner.json() != {
            "account": core.account_url(call.account),
            "oldKey": call.account.jwk,
        }:
            raise malformed("inner JWS: account or oldKey")
    except Problem as problem:
        core.record.violations.append(f"keyChange: {problem}")
        raise
    new_thumbprint = thumbprint(header["jwk"])
    holder = core.state.account_of(new_thumbprint)
    if holder is not None:
        raise Problem(
            "malformed",
            "the new key is in use",
            status=409,
            headers={"Location": core.account_url(holder)},
        )
    call.account.former_jwks.append(call.account.jwk)
    call.account.jwk = header["jwk"]
    call.account.thumbprint = new_thumbprint
    return Answer(body={"status": call.account.status, "contact": call.account.contact})
