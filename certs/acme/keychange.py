"""Another key for the account (RFC 8555 section 7.3.5), so that no crash leaves it without one.

The new key is stored before the CA hears of it, the old one stays until the CA is known to have
changed. When the answer is lost, the CA is asked whose key the new one is.
"""

import json

from certs.acme.account import find
from certs.acme.accountstore import AccountStore
from certs.acme.directory import Directory
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import protocol_problem
from certs.acme.signing import AccountKey, Signer
from certs.acme.transport import Transport


async def change_key(
    transport: Transport, directory: Directory, accounts: AccountStore, signer: Signer
) -> AccountKey:
    """Change the key of `signer`'s account. The new one, which is stored. Raises AcmeProblem.

    The account has to be locked.
    """
    url, account_url = directory.key_change, signer.kid
    assert account_url is not None
    if url is None:
        detail = "the CA has no keyChange"
        raise protocol_problem(detail, url=directory.url, kind=Kind.CONFIGURATION)
    new = AccountKey.create()
    await accounts.save_next_key(new)
    statement = {"account": account_url, "oldKey": signer.key.public_jwk()}
    inner = new.sign(json.dumps(statement).encode(), url=url, nonce=None, kid=None)
    try:
        # Not repeated: when it has worked and only the answer is lost, the old key is refused.
        await transport.post(url, inner, signer=signer, is_repeatable=False)
    except AcmeProblem:
        if await settle(transport, directory, accounts, account_url=account_url, new=new):
            return new
        raise
    await accounts.promote(new)
    return new


async def settle(
    transport: Transport,
    directory: Directory,
    accounts: AccountStore,
    *,
    account_url: str,
    new: AccountKey,
) -> bool:
    """Find out whether the CA has changed to the next key, and keep only the one that holds.

    True: `new` is the account's key. Raises AcmeProblem, both keys kept, when the CA cannot be
    asked.
    """
    is_changed = await find(transport, directory, new) == account_url
    if is_changed:
        await accounts.promote(new)
    else:
        await accounts.drop_next_key()
    return is_changed
