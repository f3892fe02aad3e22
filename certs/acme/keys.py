"""Keys of certificates: made, and recognised."""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certs.model import public_bytes
from certs.spec import KeyType

_RSA_BITS: Final = {KeyType.RSA_2048: 2048, KeyType.RSA_3072: 3072, KeyType.RSA_4096: 4096}
_EXPONENT: Final = 65537


def generate(key_type: KeyType) -> bytes:
    """A new private key as PEM (PKCS #8). A long RSA key takes seconds: not in an event loop."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    match key_type:
        case KeyType.ECDSA_P256:
            key = ec.generate_private_key(ec.SECP256R1())
        case KeyType.ECDSA_P384:
            key = ec.generate_private_key(ec.SECP384R1())
        case KeyType.RSA_2048 | KeyType.RSA_3072 | KeyType.RSA_4096:
            key = rsa.generate_private_key(_EXPONENT, _RSA_BITS[key_type])
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_type_of(key_pem: bytes) -> KeyType | None:
    """Which type a private key is of; None: of none that public CAs sign."""
    match _load(key_pem):
        case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            return KeyType.ECDSA_P256
        case ec.EllipticCurvePrivateKey(curve=ec.SECP384R1()):
            return KeyType.ECDSA_P384
        case rsa.RSAPrivateKey(key_size=bits):
            return next((name for name, size in _RSA_BITS.items() if size == bits), None)
        case _:
            return None


def spki_sha256(key_pem: bytes) -> str:
    """The hash of the public half (hex), which tells keys apart: what DANE `3 1 1` publishes."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public_bytes(_load(key_pem).public_key()))
    return digest.finalize().hex()


def _load(key_pem: bytes) -> PrivateKeyTypes:
    """Raises ValueError when it is no unencrypted private key."""
    try:
        return load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without the cause, which may quote what it read.
        raise ValueError("not an unencrypted private key in PEM") from None
