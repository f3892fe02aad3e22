"""Revocation (RFC 8555 section 7.6), by the account or by the certificate's own key."""

from typing import Final, Literal

from cryptography import x509

from certs.acme import payloads
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.session import Session
from certs.acme.signing import AccountKey, Signer

Reason = Literal["unspecified", "keyCompromise", "superseded", "cessationOfOperation"]
"""Those that public CAs take from subscribers."""

_NUMBERS: Final[dict[Reason, int]] = {
    "unspecified": 0,
    "keyCompromise": 1,
    "superseded": 4,
    "cessationOfOperation": 5,
}
"""RFC 5280 section 5.3.1."""


async def revoke(
    session: Session, chain_pem: bytes, *, reason: Reason, key_pem: bytes | None = None
) -> None:
    """Revoke the leaf of a chain; one that is revoked already is no error. Raises AcmeProblem.

    The account asks, or, where it may not (it did not order the certificate), the certificate's
    key, when it is given. Only that key can prove a keyCompromise for all its certificates.
    """
    url = session.directory.revoke_cert
    if url is None:
        raise AcmeProblem(
            type="unsupported", detail="this CA cannot revoke", kind=Kind.CONFIGURATION
        )
    leaf = x509.load_pem_x509_certificate(chain_pem)
    payload = payloads.revocation(leaf, _NUMBERS[reason])
    signers: list[Signer | None] = [None]
    if key_pem is not None:
        own = Signer(key=AccountKey.from_pem(key_pem), kid=None)
        signers = [own, None] if reason == "keyCompromise" else [None, own]
    first: AcmeProblem | None = None
    for signer in signers:
        try:
            await session.post(url, payload, signer=signer)
            return
        except AcmeProblem as problem:
            if problem.name == "alreadyRevoked":
                return
            if problem.kind is not Kind.ORDER:
                raise
            first = first or problem
    assert first is not None
    raise first
