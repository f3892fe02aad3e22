"""ACME requests written out by hand: for tests of the fake CA, and of what a bad client gets."""

import hashlib
import hmac
import json
import ssl
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.fakeca import FakeCa
from tests.support.fakeca.encoding import b64url, unb64url

JOSE = "application/jose+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A reply, read whole."""

    status: int
    headers: "aiohttp.typedefs.LooseHeaders"
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        return str(self.json["type"]).rpartition(":")[2]


@dataclass(slots=True, kw_only=True)
class Hand:
    """One key and its account."""

    ca: FakeCa
    http: aiohttp.ClientSession
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    kid: str | None = None

    @property
    def jwk(self) -> dict[str, str]:
        return jwk_of(self.key)

    @property
    def thumbprint(self) -> str:
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return b64url(hashlib.sha256(text.encode()).digest())

    def url(self, *parts: str) -> str:
        return self.ca.core.url(*parts)

    async def nonce(self) -> str:
        async with self.http.head(self.url("newNonce")) as response:
            return response.headers["Replay-Nonce"]

    async def get(self, url: str) -> Heard:
        async with self.http.get(url) as response:
            return Heard(
                status=response.status, headers=response.headers, body=await response.read()
            )

    async def send(self, url: str, body: bytes, *, media_type: str = JOSE) -> Heard:
        headers = {"Content-Type": media_type}
        async with self.http.post(url, data=body, headers=headers) as response:
            return Heard(
                status=response.status, headers=response.headers, body=await response.read()
            )

    async def post(self, resource: str, payload: object, /, **header: Any) -> Heard:
        """Signed by the account, or by the key when there is none; `header` members win.

        A payload of None is a POST-as-GET.
        """
        signer = {"jwk": self.jwk} if self.kid is None else {"kid": self.kid}
        protected = {"alg": "ES256", "url": resource, **signer, **header}
        if "nonce" not in protected:
            protected["nonce"] = await self.nonce()
        protected = {name: value for name, value in protected.items() if value is not None}
        return await self.send(resource, json.dumps(signed(self.key, protected, payload)).encode())

    async def register(self, **members: Any) -> Heard:
        heard = await self.post(
            self.url("newAccount"), {"termsOfServiceAgreed": True, **members}, kid=None
        )
        if heard.status < 300:
            self.kid = heard.headers["Location"]  # type: ignore[index]
        return heard

    async def order(self, *names: str, **members: Any) -> Heard:
        identifiers = [{"type": kind_of(name), "value": name} for name in names]
        return await self.post(self.url("newOrder"), {"identifiers": identifiers, **members})

    async def prove(self, order: Any, kind: str) -> None:
        """Start one challenge of each authorization."""
        for url in order["authorizations"]:
            authorization = (await self.post(url, None)).json
            challenge = next(c for c in authorization["challenges"] if c.get("type") == kind)
            assert (await self.post(challenge["url"], {})).status == 200

    async def settled(self, url: str) -> Any:
        """The order once its validations are over."""
        done = len(self.ca.state.orders[url.rpartition("/")[2]].authorizations)
        await self.ca.wait_for(lambda record: len(record.validations) >= done)
        return (await self.post(url, None)).json


def jwk_of(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (b64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def signed(
    key: ec.EllipticCurvePrivateKey, protected: dict[str, Any], payload: object
) -> dict[str, str]:
    """A flattened JWS; a payload of None is the empty one."""
    header = b64url(json.dumps(protected).encode())
    body = "" if payload is None else b64url(json.dumps(payload).encode())
    r, s = decode_dss_signature(key.sign(f"{header}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
    signature = b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return {"protected": header, "payload": body, "signature": signature}


def bound(kid: str, mac_key: str, url: str, jwk: dict[str, str]) -> dict[str, str]:
    """An external account binding."""
    header = b64url(json.dumps({"alg": "HS256", "kid": kid, "url": url}).encode())
    body = b64url(json.dumps(jwk).encode())
    tag = hmac.digest(unb64url(mac_key), f"{header}.{body}".encode(), "sha256")
    return {"protected": header, "payload": body, "signature": b64url(tag)}


def csr(*names: str, key: ec.EllipticCurvePrivateKey | None = None) -> dict[str, str]:
    """The payload of a finalization."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
        .sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return {"csr": b64url(request.public_bytes(Encoding.DER))}


def kind_of(name: str) -> str:
    return "ip" if name.replace(".", "").isdigit() or ":" in name else "dns"


def client_session(ca: FakeCa) -> aiohttp.ClientSession:
    """A session that trusts the server."""
    context = ssl.create_default_context(cafile=str(ca.ca_bundle))
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
