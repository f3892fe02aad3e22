"""newAccount and the account resource (RFC 8555 sections 7.3, 7.3.1 to 7.3.4, 7.3.6)."""

from typing import Any

from tests.support.fakeca import jws as jws_module
from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.encoding import unb64url
from tests.support.fakeca.keys import is_authenticated, thumbprint
from tests.support.fakeca.problems import Problem, malformed
from tests.support.fakeca.state import Account, new_id


async def new_account(core: Core, call: Call) -> Answer:
    """Create, or find by key."""
    assert call.jwk is not None
    wanted = call.json()
    key_thumbprint = thumbprint(call.jwk)
    known = core.state.account_of(key_thumbprint)
    if known is not None:
        if known.status != "valid":
            raise Problem("unauthorized", f"the account is {known.status}", status=403)
        return _answer(core, known)
    if wanted.get("onlyReturnExisting"):
        raise Problem("accountDoesNotExist", "no account has this key")
    contact = _contact(wanted)
    if core.faults.eab_keys:
        _check_binding(core, wanted.get("externalAccountBinding"), call.jwk)
    if wanted.get("termsOfServiceAgreed") is not True:
        raise Problem("userActionRequired", "agree to the terms of service", status=403)
    account = Account(
        id=new_id(),
        jwk=call.jwk,
        thumbprint=key_thumbprint,
        contact=contact,
        terms=core.faults.terms,
    )
    core.state.accounts[account.id] = account
    return _answer(core, account, status=201)


async def account(core: Core, call: Call) -> Answer:
    """Look, change the contact, agree to new terms or deactivate."""
    if call.path["id"] != call.account.id:
        raise Problem("unauthorized", "not this account", status=403)
    if not call.is_get:
        wanted = call.json()
        if wanted.get("status") == "deactivated":
            call.account.status = "deactivated"
        elif "status" in wanted:
            raise malformed("status can only become deactivated")
        if "contact" in wanted:
            call.account.contact = _contact(wanted)
        if wanted.get("termsOfServiceAgreed") is True:
            call.account.terms = core.faults.terms
    return _answer(core, call.account)


def demand_terms(core: Core, account: Account) -> None:
    """Raises Problem userActionRequired when the terms have changed (section 7.3.3)."""
    if account.terms != core.faults.terms:
        raise Problem(
            "userActionRequired",
            "the terms of service have changed",
            status=403,
            headers={"Link": f'<{core.faults.terms}>;rel="terms-of-service"'},
            instance=core.faults.terms,
        )


def _answer(core: Core, account: Account, *, status: int = 200) -> Answer:
    body: dict[str, Any] = {
        "status": account.status,
        "contact": account.contact,
        "termsOfServiceAgreed": True,
    }
    if core.faults.has_order_list:
        body["orders"] = core.url("orders", account.id)
    return Answer(status=status, body=body, headers={"Location": core.account_url(account)})


def _contact(wanted: dict[str, Any]) -> list[str]:
    contact = wanted.get("contact", [])
    if not isinstance(contact, list) or not all(isinstance(c, str) for c in contact):
        raise malformed("contact is no list of strings")
    for address in contact:
        if not address.startswith("mailto:"):
            raise Problem("unsupportedContact", "only mailto")
        if address.count("@") != 1 or "," in address or "?" in address:
            raise Problem("invalidContact", "no mail address")
    return contact


def _check_binding(core: Core, binding: object, jwk: dict[str, Any]) -> None:
    """Section 7.3.4: the account's key, MACed with a key that was handed out elsewhere."""
    if binding is None:
        raise Problem("externalAccountRequired", "a binding is required", status=403)
    inner = jws_module.parse(binding)
    header = inner.protected
    if "nonce" in header or header.get("url") != core.url("newAccount"):
        raise malformed("binding: url or nonce")
    key = core.faults.eab_keys.get(str(header.get("kid")))
    if key is None:
        raise Problem("unauthorized", "binding: unknown kid", status=403)
    if inner.json() != jwk:
        raise malformed("binding: its payload is not the account's key")
    if not is_authenticated(inner.alg, unb64url(key), inner.message, inner.signature):
        raise Problem("unauthorized", "binding: the MAC is wrong", status=403)
