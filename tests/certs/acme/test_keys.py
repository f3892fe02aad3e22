"""Keys and requests: the types that public CAs sign, and names of every kind."""

import hashlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from certs.acme.csr import csr_of
from certs.acme.keys import generate, key_type_of, spki_sha256
from certs.spec import KeyType


@pytest.mark.parametrize("key_type", [one for one in KeyType if one is not KeyType.RSA_4096])
def test_a_key_is_of_its_type_and_signs_requests(key_type: KeyType) -> None:
    key_pem = generate(key_type)
    assert key_pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert key_type_of(key_pem) is key_type
    csr = csr_of(key_pem, ["mail.example.org", "*.example.org", "192.0.2.7", "2001:db8::7"])
    assert csr.is_signature_valid
    assert list(csr.subject) == []
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mail.example.org", "*.example.org"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("192.0.2.7"),
        ipaddress.ip_address("2001:db8::7"),
    ]
    spki = csr.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert spki_sha256(key_pem) == hashlib.sha256(spki).hexdigest()


@pytest.mark.parametrize(
    "key",
    [ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 1024)],
    ids=["ed25519", "rsa-1024"],
)
def test_keys_that_public_cas_do_not_sign(key: ed25519.Ed25519PrivateKey) -> None:
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    assert key_type_of(key_pem) is None


def test_what_is_no_key_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="not an unencrypted private key") as caught:
        spki_sha256(b"a secret")
    assert caught.value.__suppress_context__


def test_a_request_for_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        csr_of(generate(KeyType.ECDSA_P256), [])
