"""While a CA validates: whoever asks for `acme-tls/1` gets the answer, as often as it likes.

And nothing but the answer: no other name, no other protocol beside it, no time to waste.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.acme_edge import ADDRESS, NAME, AcmePorts, Ca, acme_edge
from tests.support.addresses import Address
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.fakeca.process import running_fake_ca_process
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.scripts import echo
from tests.support.tls_peer import TlsPeer

AT_ONCE = 50
HANDSHAKE_S = 1.5
LATE_S = 1.5
ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    backend: FakeBackend
    port: int


@pytest.fixture(name="host", scope="module")
def _host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    """Its CA has looked, and takes its time to say so. Port 443 insists on client certificates."""
    directory = server_directory / "pending"
    (directory / "ca").mkdir(parents=True, exist_ok=True)
    own, back = AcmePorts(http=ports.take(), tls=ports.take()), ports.take()
    options = {
        "client_ca": str(pki.client_ca),
        "client_auth": "require",
        "timeouts": {"handshake": f"{HANDSHAKE_S}s"},
    }
    with (
        running_fake_ca_process(
            directory / "ca", ports, http_port=own.http, tls_port=own.tls
        ) as process,
        FakeBackend(echo, port=back) as backend,
    ):
        process.change(authz_polls=100_000)
        ca = Ca(pebble=process, dns=None, ports=own)  # type: ignore[arg-type]
        tables = (
            Listener(port=own.tls, backend="echo", mode="tls", protocol="raw", options=options),
            Backend(name="echo", server=back),
        )
        with acme_edge(ca, directory, *tables, workers=2, challenges=["tls-alpn-01"]) as edge:
            # Rehearsed by ourselves, then looked at by the CA from three places.
            since = 0
            for _ in range(4):
                answered = edge.wait_for("acme.challenge_answered", since=since, timeout_s=30)
                since = edge.records().index(answered) + 1
            yield Host(edge=edge, backend=backend, port=own.tls)


def validator(*protocols: str, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(list(protocols or ["acme-tls/1"]))
    return context


def answer(port: int, context: ssl.SSLContext) -> tuple[Address, x509.Certificate]:
    """The whole visit of a CA: who it was, and the certificate it saw."""
    with (
        socket.create_connection((ADDRESS, port), timeout=15) as sock,
        context.wrap_socket(sock, server_hostname=NAME) as tls,
    ):
        assert tls.selected_alpn_protocol() == "acme-tls/1"
        der = tls.getpeercert(binary_form=True)
        assert der is not None
        client = tls.getsockname()
        assert tls.recv(1) == b""  # it is over, without a word more
    return client, x509.load_der_x509_certificate(der)


@pytest.mark.parametrize("version", VERSIONS)
def test_fifty_at_once(version: ssl.TLSVersion, host: Host) -> None:
    context = validator(version=version)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = list(pool.map(lambda _: answer(host.port, context), range(AT_ONCE)))
    for client, certificate in seen:
        assert certificate.extensions.get_extension_for_oid(ACME_IDENTIFIER).critical
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert names.value.get_values_for_type(x509.DNSName) == [NAME]
        assert host.edge.closed(client)["outcome"] == "challenge_answered"


@pytest.mark.parametrize(
    ("protocols", "name"),
    [
        (("acme-tls/1", "http/1.1"), NAME),
        (("imap", "acme-tls/1"), NAME),
        (("acme-tls/1",), "stranger.example.org"),
        (("acme-tls/1",), None),
    ],
    ids=["another protocol behind it", "another before it", "another name", "no name"],
)
def test_anything_else_is_refused(protocols: Sequence[str], name: str | None, host: Host) -> None:
    with socket.create_connection((ADDRESS, host.port), timeout=10) as sock:
        with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
            TlsPeer(sock, validator(*protocols), name).handshake()
        client = sock.getsockname()
    assert host.edge.closed(client)["outcome"] == "alpn_mismatch"


def test_who_stalls_is_gone_in_time(host: Host) -> None:
    with socket.create_connection((ADDRESS, host.port), timeout=15) as sock:
        sock.sendall(TlsPeer(sock, validator(), NAME).first_flight())
        began = time.monotonic()
        while sock.recv(65536):
            pass
        assert HANDSHAKE_S - 0.1 <= time.monotonic() - began <= HANDSHAKE_S + LATE_S
        assert host.edge.closed(sock.getsockname())["outcome"] == "handshake_timeout"


def test_no_backend_has_seen_any_of_it(host: Host) -> None:
    answer(host.port, validator())
    assert host.backend.clients() == []
