"""The account's key, and requests signed with it (RFC 8555 section 6.2)."""

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import Any, Final, Self

from acme import jws, messages
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from josepy.json_util import encode_b64jose, field
from josepy.jwa import ES256, ES384, ES512, RS256, JWASignature
from josepy.jwk import JWK, JWKEC, JWKRSA

_BY_CURVE: Final = {
    "secp256r1": ES256,
    "secp384r1": ES384,
    "secp521r1": ES512,
}
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")


class _Header(jws.Header):
    """The nonce goes back as it came: `acme` decodes it, which changes one with loose end bits."""

    nonce: str | None = field("nonce", omitempty=True)  # type: ignore[assignment]


class _Signature(jws.Signature):
    # josepy makes the slots of every class anew, from what stands in it.
    __slots__ = ("combined",)
    header_cls = _Header
    header: _Header = field("header", omitempty=True, default=_Header(), decoder=_Header.from_json)


class _Jws(jws.JWS):
    __slots__ = ("payload", "signatures")
    signature_cls = _Signature


class AccountKey:
    """A private key: EC P-256, P-384, P-521 or RSA. Its repr shows nothing of it."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
        """Raises ValueError for a curve that JWS does not have."""
        self._key = key
        self.jwk: JWK
        self._algorithm: JWASignature
        if isinstance(key, rsa.RSAPrivateKey):
            self.jwk, self._algorithm = JWKRSA(key=key), RS256
        elif key.curve.name in _BY_CURVE:
            self.jwk, self._algorithm = JWKEC(key=key), _BY_CURVE[key.curve.name]
        else:
            raise ValueError(f"no JWS algorithm for the curve {key.curve.name}")

    @classmethod
    def create(cls) -> Self:
        """A new P-256 key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Raises ValueError when it is no unencrypted private key of a usable type."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Without the cause, which may quote what it read.
            raise ValueError("not an unencrypted private key in PEM") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ValueError("neither an EC nor an RSA key")
        return cls(key)

    def to_pem(self) -> bytes:
        """PKCS #8, not encrypted."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def thumbprint(self) -> str:
        """RFC 7638 with SHA-256, base64url: what key authorizations end in."""
        return encode_b64jose(self.jwk.thumbprint())

    def public_jwk(self) -> dict[str, Any]:
        """The public half as JSON."""
        public: dict[str, Any] = self.jwk.public_key().to_json()
        return public

    def sign(self, payload: bytes, *, url: str, nonce: str | None, kid: str | None) -> bytes:
        """The flattened JWS. The public key is in it exactly when `kid` is None."""
        signed = _Jws.sign(
            payload,
            key=self.jwk,
            alg=self._algorithm,
            nonce=nonce,  # type: ignore[arg-type] # see _Header
            url=url,
            kid=kid,
        )
        body: bytes = signed.json_dumps().encode()
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who a request is from."""

    key: AccountKey = dataclasses.field(repr=False)
    kid: str | None
    """The account's address; None: the key speaks for itself (newAccount, revocation by the
    certificate's key)."""

    def sign(self, payload: bytes, *, url: str, nonce: str | None) -> bytes:
        """The request's body."""
        return self.key.sign(payload, url=url, nonce=nonce, kid=self.kid)


def external_account_binding(
    key: AccountKey, *, kid: str, hmac_key: str, new_account_url: str
) -> dict[str, Any]:
    """RFC 8555 section 7.3.4. `hmac_key` is base64 as people copy it: of either alphabet, padded
    or not.

    Raises ValueError, without the key in it, when it is none.
    """
    compact = "".join(hmac_key.split()).rstrip("=").translate(str.maketrans("+/", "-_"))
    # Decoding itself passes over what is not of the alphabet; one digit alone is no byte.
    if _BASE64URL.fullmatch(compact) is None or len(compact) % 4 == 1:
        raise ValueError("the HMAC key of the external account is not base64url")
    directory = messages.Directory({"newAccount": new_account_url})
    bound = messages.ExternalAccountBinding.from_data(key.jwk.public_key(), kid, compact, directory)
    # `acme` leaves objects in it.
    plain: dict[str, Any] = json.loads(json.dumps(bound))
    return plain
