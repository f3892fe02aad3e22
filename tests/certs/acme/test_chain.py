"""Whether a chain may be served: everything that can be wrong with one, and what may be odd."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.acme.chain import ChainError, has_issuer, verify
from certs.acme.keys import generate
from certs.spec import KeyType

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = ("mail.example.org", "*.example.org", "192.0.2.7")
KEY_PEM = generate(KeyType.ECDSA_P256)
KEY = serialization.load_pem_private_key(KEY_PEM, password=None)
assert isinstance(KEY, ec.EllipticCurvePrivateKey)
CA_KEY, ROOT_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    subject: x509.Name,
    key: Any,
    *,
    issuer: str = "Intermediate",
    signed_with: Any = CA_KEY,
    is_ca: bool | None = False,
    names: Any = None,
    usage: Any = None,
    start: datetime = NOW - HOUR,
    end: datetime = NOW + HOUR,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    extensions: list[x509.ExtensionType] = []
    if is_ca is not None:
        extensions.append(x509.BasicConstraints(ca=is_ca, path_length=None))
    if names is not None:
        extensions.append(x509.SubjectAlternativeName(names))
    if usage is not None:
        extensions.append(x509.ExtendedKeyUsage(usage))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signed_with, hashes.SHA256())


def general(names: Any) -> list[x509.GeneralName]:
    made: list[x509.GeneralName] = []
    for name in names:
        try:
            made.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            made.append(x509.DNSName(name))
    return made


def leaf(names: Any = NAMES, **changes: Any) -> x509.Certificate:
    given = {"usage": [ExtendedKeyUsageOID.SERVER_AUTH], "key": KEY, **changes}
    return certificate(x509.Name([]), given.pop("key"), names=general(names), **given)


def intermediate(**changes: Any) -> x509.Certificate:
    given = {"issuer": "Root", "signed_with": ROOT_KEY, "is_ca": True, "key": CA_KEY, **changes}
    return certificate(named("Intermediate"), given.pop("key"), **given)


def pem(*chain: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)


ROOT = certificate(named("Root"), ROOT_KEY, issuer="Root", signed_with=ROOT_KEY, is_ca=True)


@pytest.mark.parametrize(
    "chain",
    [
        pem(leaf(), intermediate()),
        pem(leaf(), intermediate(), ROOT),
        pem(leaf(NAMES[::-1]), intermediate()),
        pem(leaf(("MAIL.example.org", *NAMES[1:])), intermediate()),
        pem(leaf(usage=None), intermediate()),
        pem(leaf(usage=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), intermediate()),
        pem(leaf(is_ca=None), intermediate()),
        # A CA that is a little ahead of us.
        pem(leaf(start=NOW + timedelta(minutes=4)), intermediate()),
        b"text before\n" + pem(leaf(), intermediate()) + b"\n\n",
    ],
)
def test_what_may_be_served(chain: bytes) -> None:
    found = verify(chain, key_pem=KEY_PEM, names=NAMES, now=NOW)
    assert set(found.names) == set(NAMES)
    assert found.key_pem == KEY_PEM
    assert found.chain_pem.startswith(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (b"", "Unable to load PEM|no certificate|PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "."),
        (pem(leaf()), "own certificate is missing"),
        (pem(leaf(), *11 * [ROOT]), "12 certificates"),
        (pem(leaf(key=CA_KEY), intermediate()), "key belongs to another"),
        (pem(intermediate(), ROOT), "key belongs to another"),
        (pem(leaf(NAMES[:2]), intermediate()), "other names"),
        (pem(leaf((*NAMES, "more.example.org")), intermediate()), "other names"),
        (pem(leaf(), ROOT), "not signed by the one after"),
        (pem(leaf(signed_with=ROOT_KEY), intermediate()), "not signed by the one after"),
        (pem(leaf(), intermediate(is_ca=False)), "one that is no CA's"),
        (pem(leaf(), intermediate(is_ca=None)), "one that is no CA's"),
        (pem(leaf(is_ca=True), intermediate()), "a CA's own certificate"),
        (pem(leaf(usage=[ExtendedKeyUsageOID.CLIENT_AUTH]), intermediate()), "TLS servers"),
        (pem(leaf(end=NOW), intermediate()), "expired at 2026-11-24 00:00:00 UTC"),
        (pem(leaf(), intermediate(end=NOW - timedelta(minutes=1))), "expired at"),
    ],
)
def test_what_must_not_be_served(chain: bytes, words: str) -> None:
    with pytest.raises(ChainError, match=words) as caught:
        verify(chain, key_pem=KEY_PEM, names=NAMES, now=NOW)
    assert not caught.value.is_early


def test_what_may_be_served_later() -> None:
    chain = pem(leaf(start=NOW + timedelta(minutes=6)), intermediate())
    with pytest.raises(ChainError, match="is our clock right") as caught:
        verify(chain, key_pem=KEY_PEM, names=NAMES, now=NOW)
    assert caught.value.is_early


def test_who_is_in_a_chain() -> None:
    chain = pem(leaf(), intermediate())
    assert has_issuer(chain, "Root")
    assert has_issuer(chain, "Intermediate")
    assert not has_issuer(chain, "root")
