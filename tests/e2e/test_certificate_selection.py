"""Which certificate a client gets: by exact name, by wildcard, else the default; or alert 112.

The record's `certificate_sha256` is that of the certificate the client saw.
"""

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from trustme import KeyType

from tests.support.clear import ClearClient
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import HOSTNAME, Pair, Pki
from tests.support.ports import Ports
from tests.support.s_client import s_client
from tests.support.scripts import echo
from tests.support.tls_peer import TlsPeer


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    port: int
    strict: int
    pairs: dict[str, Pair]


@pytest.fixture(scope="module")
def host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "certificates"
    front, strict, back = (ports.take() for _ in range(3))
    pairs = {
        "default": pki.ecdsa,
        "default-rsa": pki.rsa,
        "exact": pki.server("exact", "imap.example.com"),
        "exact-rsa": pki.server("exact-rsa", "imap.example.com", key_type=KeyType.RSA),
        "wildcard": pki.server("wildcard", "*.example.com"),
    }
    configuration = edge_toml(
        pki,
        directory,
        Listener(name="open", port=front, backend="echo", mode="tls", protocol="raw"),
        Listener(
            name="strict",
            port=strict,
            backend="echo",
            mode="tls",
            protocol="raw",
            options={"strict_sni": True},
        ),
        Backend(name="echo", server=back),
        certificates={
            HOSTNAME: [pairs["default"], pairs["default-rsa"]],
            "imap.example.com": [pairs["exact"], pairs["exact-rsa"]],
            "*.example.com": [pairs["wildcard"]],
        },
    )
    with FakeBackend(echo, port=back), running_edge(configuration, directory) as edge:
        yield Host(edge=edge, port=front, strict=strict, pairs=pairs)


def anyone(pki: Pki) -> ssl.SSLContext:
    context = pki.client_context()
    context.check_hostname = False
    return context


BY_NAME = [
    (HOSTNAME, "default"),
    ("imap.example.com", "exact"),
    ("IMAP.EXAMPLE.COM", "exact"),
    ("smtp.example.com", "wildcard"),
    ("two.levels.example.com", "default"),
    ("example.com", "default"),
    ("unknown.example", "default"),
    (None, "default"),
]


@pytest.mark.parametrize(("sni", "expected"), BY_NAME)
def test_by_name(sni: str | None, expected: str, host: Host, pki: Pki) -> None:
    with ClearClient(host.port) as client:
        seen = _fingerprint(client.tls(anyone(pki), sni))
        record = host.edge.established(client.address)
    assert seen == host.pairs[expected].sha256
    assert record["certificate_sha256"] == seen


@pytest.mark.parametrize("sni", ["unknown.example", "two.levels.example.com", None])
def test_strict_sni_refuses(sni: str | None, host: Host) -> None:
    """Alert 112, unrecognized_name (RFC 6066 section 3); also without any name."""
    name = ("-servername", sni) if sni else ("-noservername",)
    finished = s_client(host.strict, *name)
    assert finished.status != 0
    assert finished.alert == 112
    record = finished.closed(host.edge)
    assert (record["outcome"], record["tls"]) == ("sni_unknown", False)


@pytest.mark.parametrize("sni", [HOSTNAME, "imap.example.com", "smtp.example.com"])
def test_strict_sni_serves_its_names(sni: str, host: Host, pki: Pki) -> None:
    with ClearClient(host.strict) as client:
        client.tls(anyone(pki), sni)
        assert host.edge.established(client.address)["sni"] == sni


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-tls1_3", "-sigalgs", "ECDSA+SHA256"), "exact"),
        (("-tls1_3", "-sigalgs", "RSA-PSS+SHA256"), "exact-rsa"),
        (("-tls1_2", "-sigalgs", "ECDSA+SHA256"), "exact"),
        (("-tls1_2", "-sigalgs", "RSA+SHA256"), "exact-rsa"),
        (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"), "exact-rsa"),
        (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), "exact"),
    ],
)
def test_by_key_type(options: tuple[str, ...], expected: str, host: Host) -> None:
    """Of two pairs for one name, the one that the client can verify; ECDSA when it can both."""
    finished = s_client(host.port, "-servername", "imap.example.com", *options)
    assert finished.status == 0, finished.text
    pem = finished.text[finished.text.index("-----BEGIN") : finished.text.index("-----END")]
    der = ssl.PEM_cert_to_DER_cert(pem + "-----END CERTIFICATE-----\n")
    assert hashlib.sha256(der).hexdigest() == host.pairs[expected].sha256
    record = finished.established(host.edge)
    assert record["certificate_sha256"] == host.pairs[expected].sha256


def _fingerprint(peer: TlsPeer) -> str:
    der = peer.tls.getpeercert(binary_form=True)
    assert der is not None
    return hashlib.sha256(der).hexdigest()
