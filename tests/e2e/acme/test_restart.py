"""After a restart the stored certificate is served at once, and nothing is ordered."""

from pathlib import Path

from tests.support.acme_edge import acme_edge, leaf, running_ca
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports


def test_nothing_is_ordered_again(ports: Ports, tmp_path: Path) -> None:
    with running_ca(tmp_path, ports) as ca:
        tables = (
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=ports.take()),
        )
        with acme_edge(ca, tmp_path, *tables) as edge:
            served = edge.wait_for("certificate.served", timeout_s=30)
            first = leaf(ca.ports.tls)
        with acme_edge(ca, tmp_path, *tables) as edge:
            # Before anybody has looked into the store again: it is what the master has loaded.
            assert leaf(ca.ports.tls) == first
            edge.wait_for("certificate.served", leaf_sha256=served["leaf_sha256"], timeout_s=15)
            assert edge.records("certificate.due") == []
            assert edge.records("acme.account_changed") == []
