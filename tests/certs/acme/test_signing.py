"""The account's key: what it signs others can verify, and nobody sees it."""

import hashlib
import json

import pytest
from acme import challenges
from acme.jws import JWS
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from josepy.json_util import decode_b64jose, encode_b64jose
from josepy.jwk import JWK, JWKOct

from certs.acme.signing import AccountKey, Signer, external_account_binding
from certs.acme.tlsalpn import TlsAlpn01

URL = "https://ca.example/x"
KID = "https://ca.example/account/1"
KEYS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_signed_and_verified(algorithm: str) -> None:
    key = AccountKey(KEYS[algorithm]())
    body = key.sign(b"payload", url=URL, nonce="AAAA", kid=KID)
    assert JWS.json_loads(body.decode()).verify(key.jwk.public_key())
    header = json.loads(decode_b64jose(json.loads(body)["protected"]))
    assert header == {"alg": algorithm, "url": URL, "nonce": "AAAA", "kid": KID}
    assert set(json.loads(body)) == {"protected", "payload", "signature"}


def test_the_key_is_in_it_exactly_without_a_kid() -> None:
    key = AccountKey.create()
    body = Signer(key=key, kid=None).sign(b"", url=URL, nonce="AAAA")
    header = json.loads(decode_b64jose(json.loads(body)["protected"]))
    assert header == {"alg": "ES256", "url": URL, "nonce": "AAAA", "jwk": key.public_jwk()}
    assert set(key.public_jwk()) == {"kty", "crv", "x", "y"}


def test_an_inner_signature_has_no_nonce() -> None:
    body = AccountKey.create().sign(b"{}", url=URL, nonce=None, kid=None)
    header = json.loads(decode_b64jose(json.loads(body)["protected"]))
    assert set(header) == {"alg", "url", "jwk"}


@pytest.mark.parametrize("nonce", ["A", "AB", "AAAB", "x_-9"])
def test_a_nonce_goes_back_as_it_came(nonce: str) -> None:
    body = AccountKey.create().sign(b"", url=URL, nonce=nonce, kid=KID)
    assert json.loads(decode_b64jose(json.loads(body)["protected"]))["nonce"] == nonce


def test_a_post_as_get_has_an_empty_payload() -> None:
    body = AccountKey.create().sign(b"", url=URL, nonce="AAAA", kid=KID)
    assert json.loads(body)["payload"] == ""


def test_kept_as_pem() -> None:
    key = AccountKey.create()
    again = AccountKey.from_pem(key.to_pem())
    assert again.thumbprint == key.thumbprint
    assert again.to_pem() == key.to_pem()


def test_key_authorizations_are_those_of_acme() -> None:
    key = AccountKey.create()
    token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
    ours = f"{token}.{key.thumbprint}"
    decoded = decode_b64jose(token)
    assert challenges.HTTP01(token=decoded).key_authorization(key.jwk) == ours
    digest = hashlib.sha256(ours.encode()).digest()
    assert TlsAlpn01(token=decoded).validation(key.jwk) == digest
    assert challenges.DNS01(token=decoded).validation(key.jwk) == encode_b64jose(digest)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"nonsense",
        AccountKey.create().to_pem()[:100],
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        ),
        *(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            for key in (
                ed25519.Ed25519PrivateKey.generate(),
                dsa.generate_private_key(1024),
                ec.generate_private_key(ec.SECP256K1()),
            )
        ),
    ],
    # By number: keys differ from run to run, and names of tests must not.
    ids=range(7),
)
def test_not_a_usable_key(pem: bytes) -> None:
    with pytest.raises(ValueError, match=r"key|curve") as caught:
        AccountKey.from_pem(pem)
    assert pem.decode() not in str(caught.value) or not pem


def test_nobody_sees_it() -> None:
    key = AccountKey.create()
    assert "PRIVATE" not in repr(key) + repr(Signer(key=key, kid=KID))
    assert "AccountKey" not in repr(Signer(key=key, kid=KID))


@pytest.mark.parametrize("written", ["_-8", "/+8=", " _- 8= \n"])
def test_an_external_account(written: str) -> None:
    key = AccountKey.create()
    bound = external_account_binding(key, kid="kid-1", hmac_key=written, new_account_url=URL)
    jws = JWS.from_json(bound)
    assert jws.verify(JWKOct(key=b"\xff\xef"))
    assert JWK.from_json(json.loads(jws.payload)) == key.jwk.public_key()
    header = json.loads(decode_b64jose(bound["protected"]))
    assert header == {"alg": "HS256", "kid": "kid-1", "url": URL}


@pytest.mark.parametrize("written", ["", "=", "a", "ab!c", "naïve"])
def test_not_an_hmac_key(written: str) -> None:
    with pytest.raises(ValueError, match="base64url") as caught:
        external_account_binding(
            AccountKey.create(), kid="k", hmac_key=written, new_account_url=URL
        )
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
