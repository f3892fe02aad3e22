"""The certificate of tls-alpn-01 (RFC 8737 section 3, RFC 8738 section 6)."""

import hashlib
import ssl
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certs.challenges.tlsalpn01 import (
    ACME_TLS_1,
    challenge_certificate,
    challenge_context,
    sni_of,
)
from certs.model import subject_names
from tests.support.memory_tls import handshake

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY_AUTHORIZATION = "token.thumbprint"


@pytest.mark.parametrize(
    ("identifier", "sni"),
    [
        ("mail.example.org", "mail.example.org"),
        ("Mail.Example.org", "mail.example.org"),
        ("192.0.2.1", "1.2.0.192.in-addr.arpa"),
        (
            "2001:db8::1",
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        ),
    ],
)
def test_server_name(identifier: str, sni: str) -> None:
    assert sni_of(identifier) == sni


@pytest.mark.parametrize("identifier", ["mail.example.org", "192.0.2.1", "2001:db8::1"])
def test_certificate(identifier: str) -> None:
    made = challenge_certificate(identifier, KEY_AUTHORIZATION, now=NOW)
    certificate = x509.load_pem_x509_certificate(made.pem)
    assert subject_names(certificate) == (identifier,)
    extension = certificate.extensions.get_extension_for_oid(
        x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
    )
    assert extension.critical
    assert isinstance(extension.value, x509.UnrecognizedExtension)
    digest = hashlib.sha256(KEY_AUTHORIZATION.encode()).digest()
    assert extension.value.value == bytes([0x04, 0x20]) + digest
    key = load_pem_private_key(made.pem, password=None)
    assert key.public_key() == certificate.public_key()
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


def test_no_key_in_its_repr() -> None:
    made = challenge_certificate("mail.example.org", KEY_AUTHORIZATION, now=NOW)
    assert repr(made) == "ChallengeCertificate(identifier='mail.example.org')"


def client(version: ssl.TLSVersion, *protocols: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(protocols)
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_context_serves_it(version: ssl.TLSVersion) -> None:
    made = challenge_certificate("192.0.2.1", KEY_AUTHORIZATION, now=NOW)
    name = sni_of("192.0.2.1")
    pair = handshake(client(version, ACME_TLS_1), challenge_context(made.pem), server_name=name)
    assert pair.client.selected_alpn_protocol() == ACME_TLS_1
    shown = pair.client.getpeercert(binary_form=True)
    assert shown == ssl.PEM_cert_to_DER_cert(made.pem.partition(b"-----BEGIN PR")[0].decode())


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\n"])
def test_context_of_what_is_no_certificate(pem: bytes) -> None:
    with pytest.raises(ValueError, match="PEM"):
        challenge_context(pem)


def test_importing_costs_no_acme_client() -> None:
    code = (
        "import sys, certs.challenges.tlsalpn01, certs.challenges.tlsalpn01_solver\n"
        "print(sorted({'acme', 'josepy', 'aiohttp', 'requests', 'dns'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout.strip() == "[]"
