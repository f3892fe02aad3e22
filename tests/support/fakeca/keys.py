"""JSON Web Keys (RFC 7517, 7518): public keys, thumbprints (RFC 7638) and signatures."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.support.fakeca.encoding import b64url, unb64url
from tests.support.fakeca.problems import Forgivable, Problem

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_CURVES = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48)}
_ALGORITHMS = {"ES256": "P-256", "ES384": "P-384", "RS256": "RSA"}
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
_MIN_RSA_BITS = 2048


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """The key of a JWK. Raises Problem badPublicKey, also for one that holds private members."""
    if "d" in jwk:
        raise Problem("badPublicKey", "the JWK holds a private key")
    try:
        match jwk.get("kty"):
            case "EC":
                curve, size = _CURVES[jwk["crv"]]
                x, y = unb64url(jwk["x"]), unb64url(jwk["y"])
                if len(x) != size or len(y) != size:
                    raise ValueError("coordinate of a wrong length")
                numbers = ec.EllipticCurvePublicNumbers(
                    int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve
                )
                return numbers.public_key()
            case "RSA":
                e, n = unb64url(jwk["e"]), unb64url(jwk["n"])
                if not e or not n or e[0] == 0 or n[0] == 0:
                    raise ValueError("integer with leading zero octets")
                key = rsa.RSAPublicNumbers(
                    int.from_bytes(e, "big"), int.from_bytes(n, "big")
                ).public_key()
                if key.key_size < _MIN_RSA_BITS:
                    raise ValueError("RSA key is too short")
                return key
            case kind:
                raise ValueError(f"key type {kind!r}")
    except (KeyError, ValueError, TypeError) as error:
        raise Problem("badPublicKey", f"unusable JWK: {error}") from error


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 with SHA-256."""
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return b64url(hashlib.sha256(canonical).digest())


def is_signed(alg: str, jwk: Mapping[str, Any], message: bytes, signature: bytes) -> bool:
    """Whether the signature is right. Raises Problem for keys and algorithms that do not fit."""
    key = public_key(jwk)
    if _ALGORITHMS.get(alg) != jwk.get("crv", "RSA"):
        raise Forgivable("badSignatureAlgorithm", f"{alg} with this key", algorithms=[*_ALGORITHMS])
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            size = _CURVES[jwk["crv"]][1]
            if len(signature) != 2 * size:
                return False
            r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
            digest = hashes.SHA256() if alg == "ES256" else hashes.SHA384()
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True


def is_authenticated(alg: str, key: bytes, message: bytes, tag: bytes) -> bool:
    """Whether the HMAC of an external account binding is right."""
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}.get(alg)
    if digest is None:
        raise Problem("badSignatureAlgorithm", f"{alg} is no MAC")
    return hmac.compare_digest(hmac.digest(key, message, digest), tag)
