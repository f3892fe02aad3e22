"""`client_ca`: a verified client is named in the header and in the record; others are not."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.proxy_header import SSL_CN
from tests.support.scripts import echo
from tests.support.tls_peer import TruncatedError

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

# PP2_CLIENT_SSL, PP2_CLIENT_CERT_CONN, PP2_CLIENT_CERT_SESS
WITHOUT_CERTIFICATE = 0x01
WITH_CERTIFICATE = 0x01 | 0x02 | 0x04


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    backend: FakeBackend
    ports: dict[str, int]


@pytest.fixture(scope="module")
def host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "client-certificates"
    back = ports.take()
    fronts = {kind: ports.take() for kind in ("request", "require")}
    listeners = [
        Listener(
            name=kind,
            port=port,
            backend="echo",
            mode="tls",
            protocol="raw",
            options={"client_ca": str(pki.client_ca), "client_auth": kind},
        )
        for kind, port in fronts.items()
    ]
    configuration = edge_toml(pki, directory, *listeners, Backend(name="echo", server=back))
    with (
        FakeBackend(echo, port=back) as backend,
        running_edge(configuration, directory) as edge,
    ):
        yield Host(edge=edge, backend=backend, ports=fronts)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["request", "require"])
def test_a_verified_client_is_named(
    kind: str, version: ssl.TLSVersion, host: Host, pki: Pki
) -> None:
    pair = pki.client(f"known-{kind}-{version}", "Ada Lovelace")
    with ClearClient(host.ports[kind]) as client:
        context = pki.client_context(version=version, certificate=pair)
        peer = client.tls(context, HOSTNAME)
        peer.send(b"x")
        assert peer.receive() == b"x"
        record = host.edge.established(client.address)
    header = host.backend.client(client.ip).header
    assert header is not None
    assert header.ssl is not None
    assert (header.ssl.client, header.ssl.verify) == (WITH_CERTIFICATE, 0)
    assert header.ssl.text(SSL_CN) == "Ada Lovelace"
    assert record["client_certificate_cn"] == "Ada Lovelace"


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_certificate_verify_is_not_zero(
    version: ssl.TLSVersion, host: Host, pki: Pki
) -> None:
    """PROXY protocol section 2.2.6: zero only after a certificate was verified."""
    with ClearClient(host.ports["request"]) as client:
        peer = client.tls(pki.client_context(version=version), HOSTNAME)
        peer.send(b"x")
        assert peer.receive() == b"x"
        assert host.edge.established(client.address)["client_certificate_cn"] is None
    header = host.backend.client(client.ip).header
    assert header is not None
    assert header.ssl is not None
    assert header.ssl.client == WITHOUT_CERTIFICATE
    assert header.ssl.verify != 0
    assert header.ssl.text(SSL_CN) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("kind", "who"), [("require", "nobody"), ("require", "stranger"), ("request", "stranger")]
)
def test_unverified_clients_are_refused(
    kind: str, who: str, version: ssl.TLSVersion, host: Host, pki: Pki
) -> None:
    pair = None
    if who == "stranger":
        pair = pki.stranger(f"stranger-{kind}-{version}", "Ada Lovelace")
    with ClearClient(host.ports[kind]) as client:
        context = pki.client_context(version=version, certificate=pair)
        with pytest.raises((ssl.SSLError, TruncatedError, ConnectionError)):
            # With TLS 1.3 the client believes in its handshake until it reads.
            client.tls(context, HOSTNAME).receive()
    record = host.edge.closed(client.address)
    assert (record["outcome"], record["tls"]) == ("client_certificate_failed", False)
    assert host.backend.clients(client.ip) == []
