"""One certificate with its chain and key: an immutable value."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from certs.algorithms import key_algorithm, signature_algorithm, signature_scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A leaf with its chain and private key, ready to be given to a TLS context.

    `names` are the leaf's subject alternative names, DNS names (lower case) before IP addresses;
    a subject's common name is no name (RFC 9525 section 6.3). Times are aware and UTC.
    `key_algorithm` ("EC256", "RSA2048", "ED25519") and `signature_algorithm` ("RSA-SHA256") are
    written as HAProxy writes them into the TLVs 0x25 and 0x24 of PROXY v2.
    """

    chain_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)
    leaf_sha256: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    signature_algorithm: str
    signature_scheme: int | None
    """The TLS SignatureScheme only this key can sign with; None for RSA, which has several."""
    is_self_signed: bool


def certificate_of(chain: list[x509.Certificate], key: PrivateKeyTypes) -> Certificate:
    """Build the value from a leaf-first chain and the leaf's key.

    Raises ValueError when the key's type cannot serve TLS, or the leaf cannot be understood.
    """
    leaf = chain[0]
    return Certificate(
        chain_pem=b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain),
        key_pem=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        leaf_sha256=leaf.fingerprint(hashes.SHA256()).hex(),
        names=subject_names(leaf),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        key_algorithm=key_algorithm(leaf.public_key()),
        signature_algorithm=signature_algorithm(leaf),
        signature_scheme=signature_scheme(leaf.public_key()),
        is_self_signed=leaf.subject == leaf.issuer,
    )


def subject_names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The leaf's DNS names in lower case, then its IP addresses."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return (*dns, *map(str, names.get_values_for_type(x509.IPAddress)))


def public_bytes(key: PublicKeyTypes) -> bytes:
    """The DER of a public key, to compare keys by."""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
