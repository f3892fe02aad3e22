"""Names and TLS numbers of the algorithms in a certificate."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

MIN_RSA_BITS: Final = 2048
"""What OpenSSL's security level 2, the default of Debian and of OpenSSL 3.2, asks for."""

# RFC 8446 section 4.2.3: in TLS 1.3 a curve has exactly one scheme.
_CURVE_SCHEMES: Final[Mapping[str, int]] = MappingProxyType(
    {"secp256r1": 0x0403, "secp384r1": 0x0503, "secp521r1": 0x0603}
)
_ED25519_SCHEME: Final = 0x0807
_ED448_SCHEME: Final = 0x0808


def key_algorithm(key: CertificatePublicKeyTypes) -> str:
    """`EC256`, `RSA2048`, `ED25519`. Raises ValueError for a key that cannot serve TLS well."""
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in _CURVE_SCHEMES:
            return f"EC{key.curve.key_size}"
        case ec.EllipticCurvePublicKey():
            raise ValueError(f"the curve {key.curve.name} is not used in TLS")
        case rsa.RSAPublicKey() if key.key_size >= MIN_RSA_BITS:
            return f"RSA{key.key_size}"
        case rsa.RSAPublicKey():
            raise ValueError(f"an RSA key of {key.key_size} bits is too short")
        case ed25519.Ed25519PublicKey():
            return "ED25519"
        case ed448.Ed448PublicKey():
            return "ED448"
        case _:
            raise ValueError("keys of this kind are not used in TLS")


def signature_scheme(key: CertificatePublicKeyTypes) -> int | None:
    """The one SignatureScheme of a key that has only one; None for RSA."""
    match key:
        case ec.EllipticCurvePublicKey():
            return _CURVE_SCHEMES.get(key.curve.name)
        case ed25519.Ed25519PublicKey():
            return _ED25519_SCHEME
        case ed448.Ed448PublicKey():
            return _ED448_SCHEME
        case _:
            return None


def signature_algorithm(certificate: x509.Certificate) -> str:
    """What the issuer signed with: `RSA-SHA256`, `ECDSA-SHA384`, `RSASSA-PSS`, `ED25519`."""
    digest = certificate.signature_hash_algorithm
    if digest is None:
        oid = certificate.signature_algorithm_oid
        return "ED448" if oid == x509.SignatureAlgorithmOID.ED448 else "ED25519"
    match certificate.signature_algorithm_parameters:
        case padding.PSS():
            return "RSASSA-PSS"
        case ec.ECDSA():
            return f"ECDSA-{digest.name.upper()}"
        case _:
            return f"RSA-{digest.name.upper()}"
