"""What a chain is: for assertions about certificates that were issued."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID


def chain_of(chain_pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(chain_pem)


def names_of(leaf: x509.Certificate) -> set[str]:
    """DNS names and addresses."""
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {
        *names.get_values_for_type(x509.DNSName),
        *map(str, names.get_values_for_type(x509.IPAddress)),
    }


def is_key_of(key_pem: bytes, leaf: x509.Certificate) -> bool:
    key = load_pem_private_key(key_pem, password=None)
    return _der(key.public_key()) == _der(leaf.public_key())


def leads_to(chain: list[x509.Certificate], root: x509.Certificate) -> bool:
    """Whether each is signed by the next, the last by the root."""
    try:
        for certificate, issuer in zip(chain, [*chain[1:], root], strict=True):
            certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - cryptography has several
        return False
    return True


def common_name(certificate: x509.Certificate) -> str:
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def _der(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]
