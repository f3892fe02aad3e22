"""What is sent to a CA about orders, as bytes to be signed.

Bytes, because an empty object of `acme` is false: sent by its truth value, the answer to a
challenge would become a POST-as-GET, and the challenge would never start.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from acme import challenges, fields, messages
from cryptography import x509
from josepy.interfaces import JSONDeSerializable
from josepy.json_util import field

from certs.acme.tlsalpn import TlsAlpn01
from certs.acme.wire import Identifier
from certs.spec import ChallengeType

POST_AS_GET: Final = b""
"""RFC 8555 section 6.3. Never a payload that happens to be empty."""


class _NewOrder(messages.NewOrder):
    """With what `acme` lacks: RFC 9773 section 5, RFC 8555 section 7.4."""

    replaces: str | None = field("replaces", omitempty=True)
    not_before: datetime | None = fields.rfc3339("notBefore", omitempty=True)
    not_after: datetime | None = fields.rfc3339("notAfter", omitempty=True)


def identifier_of(name: str) -> Identifier:
    """A DNS name, wildcards included, or an IP address (RFC 8738), canonical."""
    try:
        return Identifier("ip", str(ipaddress.ip_address(name)))
    except ValueError:
        return Identifier("dns", name)


def new_order(
    identifiers: Sequence[Identifier],
    *,
    profile: str | None = None,
    replaces: str | None = None,
    not_before_at: datetime | None = None,
    not_after_at: datetime | None = None,
) -> bytes:
    """RFC 8555 section 7.4. `replaces` is the ARI certificate id of a certificate of the account.

    Raises ValueError for no identifiers and for an empty profile, which `acme` would leave out.
    """
    if not identifiers:
        raise ValueError("an order for nothing")
    if profile == "":
        raise ValueError("an empty profile")
    return _encoded(
        _NewOrder(
            identifiers=[
                messages.Identifier(
                    typ=messages.IdentifierType.from_json(one.type), value=one.value
                )
                for one in identifiers
            ],
            profile=profile,
            replaces=replaces,
            not_before=not_before_at,
            not_after=not_after_at,
        )
    )


def challenge_response(challenge: ChallengeType) -> bytes:
    """Says that the CA may come and look: `{}` for all types (RFC 8555 section 7.5.1)."""
    kinds: dict[ChallengeType, type[challenges.KeyAuthorizationChallenge]] = {
        ChallengeType.TLS_ALPN_01: TlsAlpn01,
        ChallengeType.HTTP_01: challenges.HTTP01,
        ChallengeType.DNS_01: challenges.DNS01,
    }
    # The key authorization is a field of the object, and not on the wire.
    return _encoded(kinds[challenge].response_cls(key_authorization=""))


def finalization(csr: x509.CertificateSigningRequest) -> bytes:
    """RFC 8555 section 7.4: the CSR, base64url of its DER."""
    return _encoded(messages.CertificateRequest(csr=csr))


def deactivation() -> bytes:
    """Gives an authorization (section 7.5.2) or an account (section 7.3.6) up."""
    return _encoded(messages.UpdateAuthorization(status=messages.STATUS_DEACTIVATED))


def revocation(certificate: x509.Certificate, reason: int) -> bytes:
    """RFC 8555 section 7.6; `reason` is a CRLReason number of RFC 5280."""
    return _encoded(messages.Revocation(certificate=certificate, reason=reason))


def _encoded(message: JSONDeSerializable) -> bytes:
    return message.json_dumps().encode()
