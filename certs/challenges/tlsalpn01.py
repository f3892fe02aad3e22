"""tls-alpn-01: a certificate that proves by its own existence (RFC 8737, RFC 8738 for addresses).

A CA connects to port 443 with ALPN exactly `acme-tls/1` and the name as SNI, and looks for the
digest of the key authorisation in the certificate. Whoever serves TLS gets a mapping from SNI to
such certificates, made once and the same for every probe: CAs look from several places at once.

Serving needs neither an ACME client nor aiohttp, and this module loads neither.
"""

import hashlib
import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from certs.contexts import ClientAuth, TlsPolicy, TlsProfile, base_context, load_certificate
from certs.model import certificate_of

ACME_TLS_1: Final = "acme-tls/1"
"""The one protocol a probing CA offers (RFC 8737 section 6.2)."""

ACME_IDENTIFIER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
"""id-pe-acmeIdentifier (RFC 8737 section 3)."""

_VALID_FOR: Final = timedelta(days=7)
_CLOCK_SKEW: Final = timedelta(hours=1)
_SUBJECT: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ACME challenge")])
_DER_OCTET_STRING: Final = b"\x04\x20"
_PROFILE: Final = TlsProfile(
    policy=TlsPolicy.INTERMEDIATE,
    alpn=(ACME_TLS_1.encode("ascii"),),
    client_auth=ClientAuth.NONE,
    client_ca_pem=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeCertificate:
    """The answer to one authorization, ready to be served."""

    identifier: str
    pem: bytes = field(repr=False)
    """Certificate and private key, in this order: what `challenge_context` takes."""


def sni_of(identifier: str) -> str:
    """The server name a CA sends: the name itself, for an address its reverse name (RFC 8738).

    `192.0.2.1` is asked for as `1.2.0.192.in-addr.arpa`.
    """
    try:
        return ipaddress.ip_address(identifier).reverse_pointer
    except ValueError:
        return identifier.lower()


def challenge_certificate(
    identifier: str, key_authorization: str, *, now: datetime
) -> ChallengeCertificate:
    """Make the certificate for one authorization (RFC 8737 section 3), with a key of its own.

    `identifier` is a DNS name or an IP address, `now` is aware.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_SUBJECT)
        .issuer_name(_SUBJECT)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(identifier)]), critical=False)
        .add_extension(
            x509.UnrecognizedExtension(ACME_IDENTIFIER, acme_identifier(key_authorization)),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key_pem
    return ChallengeCertificate(identifier=identifier, pem=pem)


def challenge_context(pem: bytes) -> ssl.SSLContext:
    """The context that serves a challenge certificate: nothing but `acme-tls/1`, TLS 1.2 and up.

    It asks for no client certificate whatever the site does: a CA has none to show. Raises
    ValueError when `pem` is no certificate with its key, CertError when OpenSSL refuses it.
    """
    chain = x509.load_pem_x509_certificates(pem)
    certificate = certificate_of(chain, load_pem_private_key(pem, password=None))
    context = base_context(_PROFILE)
    load_certificate(context, certificate)
    return context


def acme_identifier(key_authorization: str) -> bytes:
    """The DER of the extension: the digest as an octet string."""
    return _DER_OCTET_STRING + hashlib.sha256(key_authorization.encode("ascii")).digest()


def _general_name(identifier: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(identifier))
    except ValueError:
        return x509.DNSName(identifier.lower())
