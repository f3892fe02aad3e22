"""dns-01 through a program of the operator's: a wildcard, and the name above it."""

import socket
import sys
from pathlib import Path

from tests.support.acme_edge import ADDRESS, acme_edge, running_ca
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports

NAMES = ("example.org", "*.example.org")
PROGRAM = """#!{python}
import json, sys, urllib.request
verb, name, value = sys.argv[1:]
path, body = ("/set-txt", {{"host": name, "value": value}})
if verb == "cleanup":
    path, body = ("/clear-txt", {{"host": name}})
urllib.request.urlopen("http://127.0.0.1:{port}" + path, json.dumps(body).encode(), 10).close()
"""


def test_a_wildcard_is_obtained(ports: Ports, tmp_path: Path) -> None:
    with running_ca(tmp_path, ports) as ca:
        program = tmp_path / "hook"
        program.write_text(PROGRAM.format(python=sys.executable, port=ca.dns.management_port))
        program.chmod(0o700)
        dns = f'[acme.dns]\nprovider = "exec"\nprogram = "{program}"\ncheck_propagation = false\n'
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
            acme=dns,
        ) as edge:
            edge.wait_for("certificate.served", timeout_s=30)
            for name in ("example.org", "imap.example.org"):
                with (
                    socket.create_connection((ADDRESS, ca.ports.tls), timeout=10) as sock,
                    ca.client_context().wrap_socket(sock, server_hostname=name) as tls,
                ):
                    assert tls.version()
