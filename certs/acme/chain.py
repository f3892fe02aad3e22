"""Whether what a CA issued can be served, and which of its chains to take."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.acme.problems import plain_text
from certs.contexts import ClientAuth, TlsPolicy, TlsProfile, site_context
from certs.errors import CertError
from certs.model import Certificate
from certs.names import canonical_name
from certs.pem import parse_pair

_CLOCK_NOISE: Final = timedelta(minutes=5)
_MAX_CERTIFICATES: Final = 10
_PROFILE: Final = TlsProfile(
    policy=TlsPolicy.COMPATIBLE, alpn=(), client_auth=ClientAuth.NONE, client_ca_pem=None
)
_ANY_USAGE: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


class ChainError(Exception):
    """A chain must not be served; the text says why. `is_early`: it may be, later."""

    def __init__(self, message: str, *, is_early: bool = False) -> None:
        super().__init__(message)
        self.is_early = is_early


def verify(
    chain_pem: bytes,
    *,
    key_pem: bytes,
    names: Sequence[str],
    now: datetime,
    may_be_leaf_alone: bool = False,
) -> Certificate:
    """Return the certificate when it may be served for exactly `names` from `now` on.

    The key is the leaf's, each certificate is signed by the next one, all are valid, the leaf is
    for TLS servers, and OpenSSL takes it. Whether clients know the root is not asked: private CAs
    have roots of their own, and `may_be_leaf_alone` where they sign leaves with them. Raises
    ChainError.
    """
    try:
        certificate = parse_pair(chain_pem, key_pem)
        chain = x509.load_pem_x509_certificates(certificate.chain_pem)
        if len(chain) == 1 and not may_be_leaf_alone:
            raise ChainError("the CA's own certificate is missing: clients could not verify it")
        _check_chain(chain, now)
        _check_leaf(chain[0], certificate.names, names)
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise ChainError(plain_text(str(error)) or "it cannot be read") from error
    try:
        site_context(certificate, _PROFILE)
    except CertError as error:
        raise ChainError(plain_text(str(error))) from error
    return certificate


def has_issuer(chain_pem: bytes, common_name: str) -> bool:
    """Whether a CA of this common name is in a chain, or is what its end was signed by."""
    chain = x509.load_pem_x509_certificates(chain_pem)
    return any(common_name in names for names in _common_names(chain))


def _common_names(chain: Sequence[x509.Certificate]) -> Iterator[list[str | bytes]]:
    for certificate in chain:
        found = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
        yield [attribute.value for attribute in found]


def _check_chain(chain: Sequence[x509.Certificate], now: datetime) -> None:
    if len(chain) > _MAX_CERTIFICATES:
        raise ChainError(f"a chain of {len(chain)} certificates")
    for certificate in chain:
        if certificate.not_valid_before_utc > now + _CLOCK_NOISE:
            raise ChainError(
                f"not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M:%S} UTC: "
                "is our clock right?",
                is_early=True,
            )
        if certificate.not_valid_after_utc <= now:
            raise ChainError(f"expired at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC")
    for certificate, issuer in pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            raise ChainError("a certificate is not signed by the one after it") from None
        if not _is_authority(issuer):
            raise ChainError("a certificate is signed by one that is no CA's")


def _check_leaf(leaf: x509.Certificate, found: Sequence[str], names: Sequence[str]) -> None:
    wanted = {canonical_name(name) for name in names}
    if set(found) != wanted:
        raise ChainError("it is for other names than were asked for")
    if _is_authority(leaf):
        raise ChainError("it is a CA's own certificate")
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return  # RFC 5280 section 4.2.1.12: for any purpose
    if ExtendedKeyUsageOID.SERVER_AUTH not in usage and _ANY_USAGE not in usage:
        raise ChainError("it is not for TLS servers")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
