"""Which set for which name, and which leaf of it for which client."""

import dataclasses
from datetime import UTC, datetime

import pytest

from certs import Certificate, CertificateSet, Snapshot

X25519_CLIENT_CIPHERS = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030)
RSA_ONLY_CIPHERS = (0xC02F, 0xC030, 0xCCA8, 0x009C)
ECDSA_CBC_ONLY = (0xC009, 0xC00A, 0xC02F)
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
ECDSA_P256, ECDSA_P384, RSA_PSS, RSA_PKCS1, ED25519 = 0x0403, 0x0503, 0x0804, 0x0401, 0x0807


def certificate(label: str, scheme: int | None) -> Certificate:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Certificate(
        chain_pem=b"",
        key_pem=b"secret",
        leaf_sha256=label,
        names=("mail.example.org",),
        not_before=now,
        not_after=now,
        key_algorithm="",
        signature_algorithm="",
        signature_scheme=scheme,
        is_self_signed=False,
    )


P256 = certificate("p256", ECDSA_P256)
P384 = certificate("p384", ECDSA_P384)
ED = certificate("ed25519", ED25519)
RSA = certificate("rsa", None)


def set_of(*certificates: Certificate, names: tuple[str, ...] = ("x",)) -> CertificateSet:
    return CertificateSet(names=names, certificates=certificates)


@pytest.mark.parametrize(
    ("certificates", "schemes", "ciphers", "version", "wanted"),
    [
        ((P256, RSA), (ECDSA_P256, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_3, P256),
        ((RSA, P256), (ECDSA_P256, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_3, P256),
        ((RSA, P256), (ECDSA_P256, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_2, P256),
        # TLS 1.3 suites say nothing of the certificate.
        ((RSA, P256), (ECDSA_P256, RSA_PSS), (0x1301,), TLS_1_3, P256),
        # It can verify ECDSA, but has no suite for it; or only one that no policy of ours prefers.
        ((P256, RSA), (ECDSA_P256, RSA_PKCS1), RSA_ONLY_CIPHERS, TLS_1_2, RSA),
        ((P256, RSA), (ECDSA_P256, RSA_PKCS1), ECDSA_CBC_ONLY, TLS_1_2, RSA),
        # It cannot verify ECDSA, or not on this curve.
        ((P256, RSA), (RSA_PSS, RSA_PKCS1), X25519_CLIENT_CIPHERS, TLS_1_3, RSA),
        ((P384, RSA), (ECDSA_P256, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_3, RSA),
        ((P384, RSA), (ECDSA_P384, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_3, P384),
        ((ED, RSA), (ECDSA_P256, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_3, RSA),
        ((ED, RSA), (ED25519, RSA_PSS), X25519_CLIENT_CIPHERS, TLS_1_3, ED),
        # The operator's order counts among several.
        ((P384, P256, RSA), (ECDSA_P256, ECDSA_P384), X25519_CLIENT_CIPHERS, TLS_1_3, P384),
        ((P384, P256, RSA), (ECDSA_P256,), X25519_CLIENT_CIPHERS, TLS_1_3, P256),
        # Nothing fits: the first is served, and OpenSSL ends the handshake if it must.
        ((P256,), (RSA_PSS,), RSA_ONLY_CIPHERS, TLS_1_2, P256),
        ((P384, P256), (), (), TLS_1_2, P384),
        ((RSA,), (ECDSA_P256,), X25519_CLIENT_CIPHERS, TLS_1_3, RSA),
    ],
)
def test_leaf_by_what_the_client_can(
    certificates: tuple[Certificate, ...],
    schemes: tuple[int, ...],
    ciphers: tuple[int, ...],
    version: int,
    wanted: Certificate,
) -> None:
    chosen = set_of(*certificates).choose(
        signature_algorithms=schemes, ciphers=ciphers, max_version=version
    )
    assert chosen is wanted


MAIL = set_of(P256, names=("mail.example.org", "example.org"))
WILD = set_of(RSA, names=("*.example.org", "*.Example.NET"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("mail.example.org", MAIL),
        ("MAIL.example.ORG", MAIL),
        ("example.org", MAIL),
        ("imap.example.org", WILD),
        ("imap.example.net", WILD),
        ("example.net", None),
        ("a.b.example.org", None),
        ("org", None),
        ("", None),
        (None, None),
    ],
)
def test_set_by_name(name: str | None, wanted: CertificateSet | None) -> None:
    assert Snapshot(sets=(MAIL, WILD), default=MAIL).select(name) is wanted


def test_the_first_set_keeps_a_name_that_two_have() -> None:
    other = set_of(RSA, names=("mail.example.org",))
    assert Snapshot(sets=(MAIL, other), default=MAIL).select("mail.example.org") is MAIL


@pytest.mark.parametrize(
    ("name", "default"), [("imap.example.org", WILD), ("example.org", MAIL), ("unknown.org", WILD)]
)
def test_default_is_the_set_for_the_host_name_or_the_first(
    name: str, default: CertificateSet
) -> None:
    assert Snapshot.with_default_for((WILD, MAIL), name).default is default


def test_a_key_is_never_shown() -> None:
    assert "secret" not in repr(P256)
    assert "secret" not in repr(Snapshot(sets=(MAIL,), default=MAIL))
    assert "secret" not in str(dataclasses.replace(P256, leaf_sha256="other"))
