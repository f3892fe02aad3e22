"""`stalwart-edge cert` against the running edge: what it says is what clients see."""

import hashlib
import http.client
import json
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.support.acme_edge import NAME, Ca, acme_edge, leaf, running_ca
from tests.support.cert_command import CertCommand
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.ports import Ports
from tests.support.scripts import echo
from tests.support.sessions import connect, session_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    ca: Ca
    directory: Path

    @property
    def cert(self) -> CertCommand:
        return CertCommand(directory=self.directory)

    def json(self, *words: str) -> Any:
        return self.cert.json(*words)

    @property
    def served(self) -> str:
        """The fingerprint of the leaf that clients get."""
        return hashlib.sha256(leaf(self.ca.ports.tls)).hexdigest()


@pytest.fixture(scope="module")
def host(ports: Ports, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "commands"
    directory.mkdir(parents=True, exist_ok=True)
    back = ports.take()
    with (
        running_ca(directory, ports) as ca,
        FakeBackend(echo, port=back),
        acme_edge(
            ca,
            directory,
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=back),
            workers=2,
            issuer={"staging_directory": ca.pebble.directory},
        ) as edge,
    ):
        edge.wait_for("certificate.served", timeout_s=30)
        yield Host(edge=edge, ca=ca, directory=directory)


def test_list_says_what_is_served(host: Host) -> None:
    (status,) = host.json("list")
    assert (status["certificate"], status["issuer"]) == (NAME, "pebble")
    assert status["leaf_sha256"] == host.served
    assert status["is_served"] is True
    assert NAME in host.cert("list")


def test_the_socket_is_for_owner_and_group(host: Host) -> None:
    (sock,) = host.directory.glob("state/admin.sock")
    assert stat.S_IMODE(sock.stat().st_mode) == 0o660


def test_nothing_is_renewed_before_its_time(host: Host) -> None:
    before = host.served
    host.cert("renew", NAME, status=3)
    assert host.served == before


def test_a_forced_renewal_uses_the_key_that_was_announced(host: Host) -> None:
    before = host.served
    announced = [one["record"] for one in host.json("tlsa", NAME) if one["is_next"]]
    said = host.cert("renew", NAME, "--force")
    assert "issued" in said
    assert host.served != before
    current = [one["record"] for one in host.json("tlsa", NAME) if not one["is_next"]]
    assert current == announced
    der = x509.load_der_x509_certificate(leaf(host.ca.ports.tls))
    spki = der.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert current == [f"3 1 1 {hashlib.sha256(spki).hexdigest()}"]


def test_a_dry_run_changes_nothing(host: Host) -> None:
    before = host.served
    versions = len(host.json("show", NAME)["versions"])
    report = host.json("dry-run", NAME)
    assert NAME in json.dumps(report)
    assert host.served == before
    assert len(host.json("show", NAME)["versions"]) == versions


def test_an_account_gets_another_key(host: Host) -> None:
    (before,) = host.json("account", "show")
    (after,) = host.json("account", "rollover")
    assert before["url"] == after["url"]
    assert before["thumbprint"] != after["thumbprint"]
    assert before["terms_url"]


def test_what_was_exported_can_be_imported(host: Host, tmp_path: Path) -> None:
    host.cert("export", NAME, "--out", str(tmp_path))
    files = {path.name: path for path in tmp_path.rglob("*.pem")}
    assert len(files) == 2
    key = next(path for path in files.values() if b"PRIVATE KEY" in path.read_bytes())
    chain = next(path for path in files.values() if path != key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert x509.load_pem_x509_certificate(chain.read_bytes()).fingerprint(
        hashes.SHA256()
    ).hex() == (host.served)
    (renewed,) = host.json("renew", NAME, "--force")
    assert renewed["leaf_sha256"] == host.served
    imported = host.json("import", NAME, "--cert", str(chain), "--key", str(key))
    assert imported["leaf_sha256"] == host.served != renewed["leaf_sha256"]


def test_a_compromised_key_is_gone_and_its_sessions_with_it(host: Host) -> None:
    host.cert("renew", NAME, "--force")
    context = host.ca.client_context()
    with connect(context, host.ca.ports.tls, NAME) as tls:
        session = session_of(tls)
    old = leaf(host.ca.ports.tls)
    since = host.edge.mark()
    revoked = host.json("revoke", NAME, "--reason", "keyCompromise")
    assert [one["is_revoked"] for one in revoked["versions"]].count(True) == 1
    obtained = host.edge.wait_for("certificate.obtained", since=since, timeout_s=30)
    host.edge.wait_for("certificate.served", leaf_sha256=obtained["leaf_sha256"], since=since)
    der = x509.load_der_x509_certificate(old)
    assert host.ca.pebble.status_of(der.serial_number) == "Revoked"
    assert host.served == obtained["leaf_sha256"]
    with connect(context, host.ca.ports.tls, NAME, session=session) as again:
        session_of(again)
        assert not again.session_reused


def test_it_says_that_it_is_ready(host: Host) -> None:
    (sock,) = host.directory.glob("state/admin.sock")
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    connection.sock.connect(str(sock))
    connection.request("GET", "/ready")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"ready": True, "reasons": []})
    connection.close()
