"""Who asks for `acme-tls/1` sees an answer or an alert, and never a backend."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.acme_edge import ADDRESS, NAME, acme_edge, running_ca
from tests.support.addresses import Address
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.scripts import echo, polite


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    backend: FakeBackend
    tls: int
    starttls: int


@pytest.fixture(scope="module")
def host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    """Its port 443 insists on client certificates: a CA has none, and is answered all the same."""
    directory = server_directory / "challenges"
    directory.mkdir(parents=True, exist_ok=True)
    back, smtp, starttls = ports.take(), ports.take(), ports.take()
    required = {"client_ca": str(pki.client_ca), "client_auth": "require"}
    with (
        running_ca(directory, ports) as ca,
        FakeBackend(echo, port=back) as backend,
        FakeBackend(polite("smtp"), port=smtp),
        acme_edge(
            ca,
            directory,
            Listener(
                name="tls",
                port=ca.ports.tls,
                backend="echo",
                mode="tls",
                protocol="raw",
                options=required,
            ),
            Listener(name="starttls", port=starttls, backend="smtp"),
            Backend(name="echo", server=back),
            Backend(name="smtp", server=smtp),
            challenges=["tls-alpn-01"],
        ) as edge,
    ):
        edge.wait_for("certificate.served", timeout_s=30)
        yield Host(edge=edge, backend=backend, tls=ca.ports.tls, starttls=starttls)


def refused(port: int, *protocols: str, name: str = NAME, starttls: bool = False) -> Address:
    """A handshake as a CA makes it, which must fail; who it was."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    with socket.create_connection((ADDRESS, port), timeout=10) as sock:
        if starttls:
            assert sock.recv(1000).startswith(b"220")
            sock.sendall(b"STARTTLS\r\n")
            assert sock.recv(1000).startswith(b"220")
        client: Address = sock.getsockname()
        with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
            context.wrap_socket(sock, server_hostname=name)
    return client


def test_the_ca_was_answered_without_a_client_certificate(host: Host) -> None:
    answered = host.edge.records("acme.challenge_answered")
    # Rehearsed by ourselves, then asked by Pebble from three places; two may tell it enough.
    assert len(answered) >= 3
    assert {record["sni"] for record in answered} == {NAME}
    for record in answered:
        closed = host.edge.wait_for("connection.closed", id=record["id"])
        assert closed["outcome"] == "challenge_answered"
        assert (closed["server"], closed["bytes_in"], closed["bytes_out"]) == (None, 0, 0)


def test_no_backend_has_seen_any_of_it(host: Host) -> None:
    assert [one for one in host.backend.conversations.items() if not one.is_probe] == []


@pytest.mark.parametrize(
    ("protocols", "name"),
    [
        (("acme-tls/1",), NAME),
        (("acme-tls/1",), "stranger.example.org"),
    ],
    ids=["no validation is pending", "unknown name"],
)
def test_nothing_is_pending(protocols: tuple[str, ...], name: str, host: Host) -> None:
    client = refused(host.tls, *protocols, name=name)
    assert host.edge.closed(client)["outcome"] == "alpn_mismatch"


def test_not_behind_starttls(host: Host) -> None:
    client = refused(host.starttls, "acme-tls/1", starttls=True)
    assert host.edge.closed(client)["outcome"] == "alpn_mismatch"
