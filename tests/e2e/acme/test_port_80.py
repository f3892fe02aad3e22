"""Port 80 answers a CA before all else, sends everybody to https, and holds nobody up."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.acme_edge import ADDRESS, NAME, Ca, acme_edge, running_ca
from tests.support.cert_command import CertCommand
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.ports import Ports
from tests.support.scripts import echo
from tests.support.sessions import connect, session_of

STALLED = 400
SESSIONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    ca: Ca
    https: int
    cert: CertCommand


@pytest.fixture(name="host", scope="module")
def _host(ports: Ports, server_directory: Path) -> Iterator[Host]:
    """The web is not at port 443, so people are sent to where it is."""
    directory = server_directory / "port-80"
    directory.mkdir(parents=True, exist_ok=True)
    back, web = ports.take(), ports.take()
    with (
        running_ca(directory, ports) as ca,
        FakeBackend(echo, port=back),
        acme_edge(
            ca,
            directory,
            Listener(name="mail", port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Listener(name="web", port=web, backend="echo", mode="tls", protocol="http"),
            Backend(name="echo", server=back),
            challenges=["http-01"],
        ) as edge,
    ):
        edge.wait_for("certificate.served", timeout_s=30)
        yield Host(edge=edge, ca=ca, https=web, cert=CertCommand(directory=directory))


def ask(host: Host, method: str, target: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection(ADDRESS, host.ca.ports.http, timeout=10)
    connection.request(method, target, headers={"Host": f"{NAME}:{host.ca.ports.http}"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers["Location"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("target", ["/", "/mail/?_task=mail&_id=%2e%2E", "//evil.example.org/a?b"])
def test_everybody_is_sent_to_https(method: str, target: str, host: Host) -> None:
    assert ask(host, method, target) == (308, f"https://{NAME}:{host.https}{target}")


def test_a_challenge_is_never_sent_away(host: Host) -> None:
    assert ask(host, "GET", "/.well-known/acme-challenge/unknown-token") == (404, None)


def test_who_stalls_there_holds_up_neither_mail_nor_a_command(host: Host) -> None:
    with ExitStack() as stack:
        stalled = [
            stack.enter_context(socket.create_connection((ADDRESS, host.ca.ports.http), timeout=15))
            for _ in range(STALLED)
        ]
        for sock in stalled:
            sock.sendall(b"GET /.well-known/acme-challenge/")
        for _ in range(SESSIONS):
            with connect(host.ca.client_context(), host.ca.ports.tls, NAME) as tls:
                session_of(tls)
        (status,) = host.cert.json("list")
        assert status["is_served"] is True
        # Nor a renewal: the CA is answered beside them.
        host.cert("renew", NAME, "--force")
