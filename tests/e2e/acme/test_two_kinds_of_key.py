"""Two kinds of key for the same names: each client gets the one that it can verify."""

import socket
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.acme_edge import ADDRESS, NAME, acme_edge, running_ca
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports


def key_seen(context: ssl.SSLContext, port: int) -> object:
    with (
        socket.create_connection((ADDRESS, port), timeout=10) as sock,
        context.wrap_socket(sock, server_hostname=NAME) as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der).public_key()


def test_each_gets_its_own(ports: Ports, tmp_path: Path) -> None:
    with running_ca(tmp_path, ports) as ca:
        tables = (
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=ports.take()),
        )
        kinds = {"key_types": ["ecdsa-p256", "rsa-2048"]}
        with acme_edge(ca, tmp_path, *tables, certificate=kinds) as edge:
            for kind in kinds["key_types"]:
                edge.wait_for("certificate.obtained", key_type=kind, timeout_s=30)
            second = edge.wait_for("certificate.obtained", key_type="rsa-2048")
            edge.wait_for("certificate.served", since=edge.records().index(second))
            modern, old = ca.client_context(), ca.client_context()
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            old.set_ciphers("ECDHE+aRSA")
            assert isinstance(key_seen(modern, ca.ports.tls), ec.EllipticCurvePublicKey)
            assert isinstance(key_seen(old, ca.ports.tls), rsa.RSAPublicKey)
