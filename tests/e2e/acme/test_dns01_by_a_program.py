"""dns-01 through a program of the operator's: a wildcard, and the name above it."""

import socket
from pathlib import Path

from tests.support.acme_edge import ADDRESS, acme_edge, running_ca
from tests.support.dns_hook import dns_toml
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports

NAMES = ("example.org", "*.example.org")


def test_a_wildcard_is_obtained(ports: Ports, tmp_path: Path) -> None:
    with running_ca(tmp_path, ports) as ca:
        tables = (
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=ports.take()),
        )
        with acme_edge(
            ca,
            tmp_path,
            *tables,
            names=NAMES,
            challenges=["dns-01"],
            http_bind=[],
            acme=dns_toml(ca.dns, tmp_path),
        ) as edge:
            edge.wait_for("certificate.served", timeout_s=30)
            for name in ("example.org", "imap.example.org"):
                with (
                    socket.create_connection((ADDRESS, ca.ports.tls), timeout=10) as sock,
                    ca.client_context().wrap_socket(sock, server_hostname=name) as tls,
                ):
                    assert tls.version()
