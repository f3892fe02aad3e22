"""Requests about the account itself (RFC 8555 section 7.3)."""

from dataclasses import dataclass
from datetime import datetime

from acme import messages

from certs.acme.directory import Directory
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import plain_text, protocol_problem
from certs.acme.reply import Reply
from certs.acme.signing import AccountKey, Signer, external_account_binding
from certs.acme.transport import Transport
from certs.spec import AcmeSettings, Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """An account as the CA has it now."""

    issuer: str
    directory: str
    url: str
    status: str
    contact: tuple[str, ...]
    terms_url: str | None
    created_at: datetime
    thumbprint: str


def contact_of(settings: AcmeSettings) -> tuple[str, ...]:
    """What the CA is told: addresses as URLs, none when there is no mail address."""
    return messages.Registration.from_data(email=settings.email).contact


async def register(
    transport: Transport,
    directory: Directory,
    key: AccountKey,
    *,
    issuer: Issuer,
    settings: AcmeSettings,
) -> tuple[str, bool]:
    """Create the key's account, or find the one it has. Its address, and whether it is new.

    Raises AcmeProblem, before anything is sent when terms or an external account are missing.
    """
    if directory.terms_url is not None and not settings.agree_to_terms:
        raise AcmeProblem(
            type="terms",
            detail=f"the terms of {issuer.name} have to be agreed to: {directory.terms_url}",
            kind=Kind.CONFIGURATION,
            url=directory.url,
        )
    payload = messages.NewRegistration.from_data(
        email=settings.email,
        terms_of_service_agreed=True if settings.agree_to_terms else None,
        external_account_binding=_binding(key, directory, issuer),
    )
    reply = await _asked(transport, directory.new_account, payload, Signer(key=key, kid=None))
    if reply.location is None:
        raise protocol_problem("an account without an address", url=reply.url)
    return reply.location, reply.status == 201


async def find(transport: Transport, directory: Directory, key: AccountKey) -> str | None:
    """The address of the account that has this key, None when none has. Raises AcmeProblem."""
    payload = messages.NewRegistration(only_return_existing=True)
    try:
        reply = await _asked(transport, directory.new_account, payload, Signer(key=key, kid=None))
    except AcmeProblem as problem:
        if problem.name == "accountDoesNotExist":
            return None
        raise
    return reply.location


async def change_contact(transport: Transport, signer: Signer, contact: tuple[str, ...]) -> None:
    """RFC 8555 section 7.3.2; an empty one is taken away. Raises AcmeProblem."""
    assert signer.kid is not None
    await _asked(transport, signer.kid, messages.UpdateRegistration(contact=contact), signer)


def status_and_contact(reply: Reply) -> tuple[str, tuple[str, ...]]:
    """What the CA says of an account. Raises AcmeProblem."""
    try:
        raw = reply.json()
    except (ValueError, RecursionError) as error:
        raise protocol_problem("the account is not a JSON object", url=reply.url) from error
    contact = raw.get("contact")
    shown = contact if isinstance(contact, list) else []
    return (
        plain_text(str(raw.get("status", "unknown"))),
        tuple(plain_text(one) for one in shown if isinstance(one, str)),
    )


async def _asked(
    transport: Transport, url: str, payload: messages.Registration, signer: Signer
) -> Reply:
    try:
        return await transport.post(url, payload.json_dumps().encode(), signer=signer)
    except AcmeProblem as problem:
        if problem.kind is Kind.ORDER:
            # `malformed` and `unauthorized` here are about the account: no order can help.
            problem.kind = Kind.CONFIGURATION
        raise


def _binding(key: AccountKey, directory: Directory, issuer: Issuer) -> dict[str, object] | None:
    if issuer.eab_kid is None or issuer.eab_hmac_key is None:
        if directory.external_account_required:
            raise AcmeProblem(
                type=f"{messages.ERROR_PREFIX}externalAccountRequired",
                detail=f"{issuer.name} wants an external account: give `eab_kid` and its key",
                kind=Kind.CONFIGURATION,
                url=directory.url,
            )
        return None
    try:
        return external_account_binding(
            key,
            kid=issuer.eab_kid,
            hmac_key=issuer.eab_hmac_key,
            new_account_url=directory.new_account,
        )
    except ValueError as error:
        raise AcmeProblem(
            type="eab", detail=f"{issuer.name}: {error}", kind=Kind.CONFIGURATION
        ) from None
