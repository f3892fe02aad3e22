"""Before newOrder: what is written down, and whether what was written down still counts."""

import asyncio
from datetime import timedelta
from typing import Final

from certs.acme import keys
from certs.acme.errand import Errand
from certs.acme.journal import PendingOrder
from certs.acme.problem import AcmeProblem, Kind

_OLDEST: Final = timedelta(days=30)
"""CAs that think for days exist; none thinks longer than its orders live."""


async def begin(errand: Errand) -> PendingOrder:
    """Write down, key first, what is about to be ordered. Raises AcmeProblem for the profile."""
    session, need, issuer = errand.session, errand.need, errand.session.issuer
    profile = _profile(errand)
    key_pem, key_sha256 = await new_key(errand)
    errand.journal.save_key(key_pem)
    pending = PendingOrder(
        issuer=issuer.name,
        directory=issuer.directory,
        account_url=session.account_url,
        names=need.names,
        key_type=need.key_type,
        key_sha256=key_sha256,
        started_at=errand.clock.now(),
        wanted_profile=issuer.profile,
        profile=profile,
        # Without ARI there is nothing that could be replaced (RFC 9773 section 5).
        replaces=need.replaces if session.directory.renewal_info is not None else None,
    )
    errand.journal.save(pending)
    return pending


async def new_key(errand: Errand) -> tuple[bytes, str]:
    """The key that is asked for, else a new one, and its hash. Raises AcmeProblem for a bad one."""
    need = errand.need
    if need.key_pem is None:
        key_pem = await asyncio.to_thread(keys.generate, need.key_type)
        return key_pem, keys.spki_sha256(key_pem)
    try:
        if keys.key_type_of(need.key_pem) is not need.key_type:
            raise ValueError("it is of another type")
        return need.key_pem, keys.spki_sha256(need.key_pem)
    except ValueError as error:
        # A new one instead would break what was published of this one.
        raise AcmeProblem(
            type="key",
            detail=f"the {need.key_type} key to be used cannot be: {error}",
            kind=Kind.CONFIGURATION,
        ) from None


def is_of(pending: PendingOrder, errand: Errand) -> bool:
    """Whether an order that was found in the journal is worth going on with."""
    session, need = errand.session, errand.need
    age = errand.clock.now() - pending.started_at
    return (
        (pending.directory, pending.account_url, pending.wanted_profile)
        == (session.issuer.directory, session.account_url, session.issuer.profile)
        and (pending.key_type, sorted(pending.names)) == (need.key_type, sorted(need.names))
        and not (pending.url is not None and pending.url == need.done_order_url)
        and age < _OLDEST
    )


def _profile(errand: Errand) -> str | None:
    """What to ask for: a profile that the directory does not list must not be asked for."""
    issuer, directory = errand.session.issuer, errand.session.directory
    if issuer.profile is None or issuer.profile in (directory.profiles or {}):
        return issuer.profile
    if issuer.is_profile_required:
        raise AcmeProblem(
            type="profile",
            detail=f"the CA has no profile {issuer.profile}; it has: "
            + (", ".join(sorted(directory.profiles or {})) or "none"),
            kind=Kind.CONFIGURATION,
            url=directory.url,
        )
    errand.on_step(f"the CA has no profile {issuer.profile}: ordered without it")
    return None
