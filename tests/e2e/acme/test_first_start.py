"""From an empty folder to a certificate that clients verify, without a person."""

import socket
from pathlib import Path

import pytest

from tests.support.acme_edge import ADDRESS, NAME, acme_edge, running_ca
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports


@pytest.mark.parametrize("challenge", ["tls-alpn-01", "http-01"])
def test_it_obtains_and_serves(challenge: str, ports: Ports, tmp_path: Path) -> None:
    with running_ca(tmp_path, ports) as ca:
        tables = (
            Listener(port=ca.ports.tls, backend="web", mode="tls", protocol="raw"),
            Backend(name="web", server=ports.take()),
        )
        with acme_edge(ca, tmp_path, *tables, challenges=[challenge]) as edge:
            obtained = edge.wait_for("certificate.obtained", timeout_s=30)
            assert obtained["certificate"] == NAME
            served = edge.wait_for("certificate.served", leaf_sha256=obtained["leaf_sha256"])
            assert served["certificate"] == NAME
            with (
                socket.create_connection((ADDRESS, ca.ports.tls), timeout=10) as sock,
                ca.client_context().wrap_socket(sock, server_hostname=NAME) as tls,
            ):
                assert tls.version() == "TLSv1.3"
