"""`stalwart-edge cert` while no edge runs: on the store, which the next edge serves from."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.acme_edge import NAME, Ca, acme_toml, leaf, running_ca
from tests.support.cert_command import CertCommand
from tests.support.dns_hook import dns_toml
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener
from tests.support.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    ca: Ca
    directory: Path
    text: str

    def edge(self) -> AbstractContextManager[Edge]:
        return running_edge(self.text, self.directory)

    @property
    def cert(self) -> CertCommand:
        return CertCommand(directory=self.directory)

    @property
    def status(self) -> Any:
        (status,) = self.cert.json("list")
        return status

    @property
    def served(self) -> str:
        return hashlib.sha256(leaf(self.ca.ports.tls)).hexdigest()


@pytest.fixture(name="host", scope="module")
def _host(ports: Ports, server_directory: Path) -> Iterator[Host]:
    """It has run once. Names can be proved without an edge: by a program."""
    directory = server_directory / "without-edge"
    directory.mkdir(parents=True, exist_ok=True)
    with running_ca(directory, ports) as ca:
        text = acme_toml(
            ca,
            directory,
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=ports.take()),
            challenges=["dns-01"],
            acme=dns_toml(ca.dns, directory),
            http_bind=[],
        )
        host = Host(ca=ca, directory=directory, text=text)
        with host.edge() as edge:
            edge.wait_for("certificate.served", timeout_s=30)
        yield host


def test_what_is_stored_is_shown(host: Host) -> None:
    status = host.status
    assert (status["certificate"], status["issuer"]) == (NAME, "pebble")
    assert status["is_served"] is None  # nobody has looked
    shown = host.cert.json("show", NAME)
    assert [one["leaf_sha256"] for one in shown["versions"] if one["is_current"]] == [
        status["leaf_sha256"]
    ]
    assert [one["is_next"] for one in host.cert.json("tlsa", NAME)] == [False, True]


def test_it_is_renewed_and_served_by_the_next_edge(host: Host) -> None:
    before = host.status["leaf_sha256"]
    host.cert("renew", NAME, status=3)
    assert host.status["leaf_sha256"] == before
    host.cert("renew", NAME, "--force")
    after = host.status["leaf_sha256"]
    assert after != before
    with host.edge() as edge:
        assert host.served == after
        edge.wait_for("certificate.served", leaf_sha256=after)
        assert edge.records("certificate.due") == []


def test_an_account_gets_another_key(host: Host) -> None:
    (before,) = host.cert.json("account", "show")
    (after,) = host.cert.json("account", "rollover")
    assert before["url"] == after["url"]
    assert before["thumbprint"] != after["thumbprint"]


def test_export_and_import(host: Host, tmp_path: Path) -> None:
    host.cert("export", NAME, "--out", str(tmp_path))
    files = sorted(tmp_path.rglob("*.pem"))
    key = next(one for one in files if b"PRIVATE KEY" in one.read_bytes())
    chain = next(one for one in files if one != key)
    exported = host.status["leaf_sha256"]
    host.cert("renew", NAME, "--force")
    assert host.status["leaf_sha256"] != exported
    host.cert("import", NAME, "--cert", str(chain), "--key", str(key))
    assert host.status["leaf_sha256"] == exported


def test_what_was_revoked_is_replaced_by_the_next_edge(host: Host) -> None:
    with host.edge() as edge:
        edge.wait_for("certificate.served")
        old = x509.load_der_x509_certificate(leaf(host.ca.ports.tls))
    host.cert("revoke", NAME, "--reason", "superseded")
    assert host.ca.pebble.status_of(old.serial_number) == "Revoked"
    with host.edge() as edge:
        obtained = edge.wait_for("certificate.obtained", timeout_s=30)
        edge.wait_for("certificate.served", leaf_sha256=obtained["leaf_sha256"])
        assert host.served == obtained["leaf_sha256"]
    assert host.status["leaf_sha256"] == obtained["leaf_sha256"]
