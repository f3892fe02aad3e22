"""A certificate for an IP address, which clients connect to without naming anybody."""

import socket
from pathlib import Path

import pytest

from tests.support.acme_edge import ADDRESS, NAME, acme_edge, running_ca
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports


@pytest.mark.parametrize("challenge", ["tls-alpn-01", "http-01"])
def test_it_is_obtained_and_served(challenge: str, ports: Ports, tmp_path: Path) -> None:
    with running_ca(tmp_path, ports) as ca:
        tables = (
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=ports.take()),
        )
        with acme_edge(
            ca,
            tmp_path,
            *tables,
            hostname=NAME,
            names=[ADDRESS],
            challenges=[challenge],
            more=f'[[certificate]]\nnames = ["{NAME}"]\nsource = "self-signed"\n',
        ) as edge:
            obtained = edge.wait_for("certificate.obtained", timeout_s=30)
            assert obtained["certificate"] == ADDRESS
            edge.wait_for("certificate.served", leaf_sha256=obtained["leaf_sha256"])
            # The look at our own listener named nobody, either.
            assert edge.wait_for("connection.closed", sni=None, outcome="client_gone")
            with (
                socket.create_connection((ADDRESS, ca.ports.tls), timeout=10) as sock,
                ca.client_context().wrap_socket(sock, server_hostname=ADDRESS) as tls,
            ):
                assert tls.getpeercert()
