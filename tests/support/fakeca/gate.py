"""Every POST goes through here: media type, form, URL, nonce, key and signature of its JWS.

RFC 8555 sections 6.1 to 6.5, in the order in which a violation says most about the client.
"""

import json
from typing import Any, Literal

from aiohttp import web

from tests.support.fakeca import jws as jws_module
from tests.support.fakeca.core import Call, Core
from tests.support.fakeca.keys import is_signed
from tests.support.fakeca.problems import Forgivable, Problem, malformed
from tests.support.fakeca.state import Account

SignedBy = Literal["account", "key", "either"]


async def verified(core: Core, request: web.Request, signed_by: SignedBy) -> Call:
    """The call. Raises Problem; what no client may send is recorded as a violation, too."""
    body = await request.read()
    try:
        jws, jwk, signer = _checked(core, request, body, signed_by)
    except Problem as problem:
        if not isinstance(problem, Forgivable):
            core.record.violations.append(f"{request.path}: {problem}")
        raise
    # Apart: a refused nonce is no violation by itself, and counts only after a right signature.
    core.nonces.redeem(jws.protected["nonce"])
    if signer is not None and signer.status != "valid":
        raise Problem("unauthorized", f"the account is {signer.status}", status=403)
    return Call(path=dict(request.match_info), jwk=jwk, signer=signer, payload=jws.payload)


def _checked(
    core: Core, request: web.Request, body: bytes, signed_by: SignedBy
) -> tuple[jws_module.Jws, dict[str, Any] | None, Account | None]:
    if request.headers.get("Content-Type") != "application/jose+json":
        raise Problem("malformed", "Content-Type is not application/jose+json", status=415)
    try:
        value = json.loads(body)
    except ValueError as error:
        raise malformed("the body is no JSON") from error
    jws = jws_module.parse(value)
    header = jws.protected
    if header.get("url") != f"{core.base}{request.path_qs}":
        raise Problem("unauthorized", f"url {header.get('url')!r}", status=401)
    if "nonce" not in header:
        raise malformed("no nonce")
    unknown = set(header) - {"alg", "url", "nonce", "jwk", "kid", "typ"}
    if unknown:
        raise malformed(f"members of the protected header: {sorted(unknown)}")
    match "jwk" in header, "kid" in header:
        case True, False if signed_by != "account":
            jwk, signer = header["jwk"], None
        case False, True if signed_by != "key":
            signer = _account(core, header["kid"])
            jwk = None
        case _:
            raise malformed(f"jwk or kid: here it is signed by the {signed_by}")
    key = jwk if signer is None else signer.jwk
    assert key is not None
    if not is_signed(jws.alg, key, jws.message, jws.signature):
        earlier = [] if signer is None else signer.former_jwks
        if any(is_signed(jws.alg, old, jws.message, jws.signature) for old in earlier):
            # Whoever did not hear that its key was changed tries again with the old one.
            raise Forgivable("malformed", "signed with an earlier key of the account")
        raise malformed("the signature is wrong")
    return jws, jwk, signer


def _account(core: Core, kid: object) -> Account:
    if not isinstance(kid, str) or not kid.startswith(core.url("account", "")):
        raise malformed(f"kid {kid!r} is no account of this CA")
    account = core.state.accounts.get(kid.rpartition("/")[2])
    if account is None:
        raise Forgivable("accountDoesNotExist", "no such account")
    return account
