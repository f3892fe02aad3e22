"""What is derived from a ClientHello, and the hellos that real clients sent."""

import dataclasses

import pytest

from edge.core.hello.clienthello import ClientHello
from tests.edge.core.hello.handmade import (
    EARLY_DATA,
    body,
    message,
    record,
    sni,
    versions,
)
from tests.edge.core.hello.reading import CLIENT_HELLOS, hello_of

TLS12, TLS13 = 0x0303, 0x0304
X25519, X25519MLKEM768 = 0x001D, 0x11EC
ALL_VERSIONS = (TLS13, TLS12, 0x0302, 0x0301)

# Name of the vector: versions, SNI, ALPN, first group, first signature scheme, cipher suites.
EXPECTED = {
    "chrome-146": ((TLS13, TLS12), True, (b"h2", b"http/1.1"), X25519MLKEM768, 0x0403, 15),
    "curl-7.88": (ALL_VERSIONS, True, (b"h2", b"http/1.1"), X25519, 0x0403, 31),
    "gnutls-3.7": (ALL_VERSIONS, True, (b"pop3",), 0x0017, 0x0401, 29),
    "go-1.26": ((TLS13, TLS12), True, (b"managesieve",), X25519MLKEM768, 0x0804, 13),
    "openssl-3.0": (ALL_VERSIONS, True, (b"imap",), X25519, 0x0403, 31),
    "openssl-3.0-early-data": ((TLS13,), True, (), X25519, 0x0403, 4),
    "openssl-3.0-no-sni": ((TLS13,), False, (), X25519, 0x0403, 4),
    "openssl-3.0-tls12": ((), True, (), X25519, 0x0403, 28),
    "openssl-4.0": ((TLS13, TLS12), True, (), X25519MLKEM768, 0x0905, 30),
    "python-3.11": ((TLS13, TLS12), True, (), X25519, 0x0403, 18),
}


def test_every_vector_is_described() -> None:
    assert EXPECTED.keys() == CLIENT_HELLOS.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_client_is_read(name: str) -> None:
    offered, has_sni, alpn, group, scheme, cipher_count = EXPECTED[name]
    hello = hello_of(CLIENT_HELLOS[name])
    assert hello.legacy_version == TLS12
    assert hello.versions == offered
    assert hello.max_version == max(offered, default=TLS12)
    assert hello.sni == ("mail.example.org" if has_sni else None)
    assert hello.has_sni is has_sni
    assert not hello.sni_invalid
    assert hello.alpn == alpn
    assert hello.groups[0] == group
    assert hello.signature_algorithms[0] == scheme
    assert len(hello.ciphers) == cipher_count
    assert hello.has_early_data is (name == "openssl-3.0-early-data")


def made(*extensions: tuple[int, bytes], legacy_version: int = TLS12) -> ClientHello:
    return hello_of(record(message(body(*extensions, legacy_version=legacy_version))))


@pytest.mark.parametrize(
    ("legacy_version", "offered", "highest"),
    [
        (0x0301, (), 0x0301),
        (TLS12, (), TLS12),
        (TLS12, (0x0302, TLS13, TLS12), TLS13),
        (TLS12, (0x0302,), 0x0302),
        (TLS12, (0x7A7A, TLS12), TLS12),
        (TLS12, (0x7A7A,), TLS12),
    ],
)
def test_supported_versions_overrule_the_legacy_version(
    legacy_version: int, offered: tuple[int, ...], highest: int
) -> None:
    extensions = [versions(*offered)] if offered else []
    assert made(*extensions, legacy_version=legacy_version).max_version == highest


def test_an_invalid_name_is_still_a_name_that_was_sent() -> None:
    assert made(sni(b"a b")).has_sni
    assert not made().has_sni


def test_early_data_is_seen() -> None:
    assert made((EARLY_DATA, b"")).has_early_data
    assert not made().has_early_data


def test_a_hello_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        made().sni = "other.example"  # type: ignore[misc]
