"""A worker that hangs does not take over a new certificate: that is told, and mail goes on.

The certificate is not ordered again: once the worker follows, what is stored is served.
"""

import hashlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.acme_edge import NAME, AcmePorts, Ca, acme_toml, leaf
from tests.support.cert_command import CertCommand
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.fakeca.process import FakeCaProcess, running_fake_ca_process
from tests.support.ports import Ports
from tests.support.scripts import echo


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    ca: FakeCaProcess
    port: int
    cert: CertCommand


@pytest.fixture(name="host")
def _host(ports: Ports, tmp_path: Path) -> Iterator[Host]:
    own, back = AcmePorts(http=ports.take(), tls=ports.take()), ports.take()
    (tmp_path / "ca").mkdir()
    with (
        running_fake_ca_process(
            tmp_path / "ca", ports, http_port=own.http, tls_port=own.tls
        ) as process,
        FakeBackend(echo, port=back),
    ):
        ca = Ca(pebble=process, dns=None, ports=own)  # type: ignore[arg-type]
        text = acme_toml(
            ca,
            tmp_path,
            Listener(port=own.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=back),
            workers=2,
            # tls-alpn-01 would not even get its answers to the worker.
            challenges=["http-01"],
        )
        edge = Edge(text, tmp_path)
        try:
            edge.wait_for("certificate.served", timeout_s=30)
            yield Host(edge=edge, ca=process, port=own.tls, cert=CertCommand(directory=tmp_path))
        finally:
            # Not `stop`: the refusal is an error in its log, and rightly so.
            edge.kill()


def test_it_is_told_and_made_good(host: Host) -> None:
    first = leaf(host.port)
    hanging = host.edge.workers[1]
    since = host.edge.mark()
    os.kill(hanging, signal.SIGSTOP)
    try:
        host.cert("renew", NAME, "--force", status=1)
        host.edge.wait_for("certificate.not_deployed", since=since)
        failed = host.edge.wait_for("certificate.failed", since=since)
        assert leaf(host.port) == first  # of the other worker
        (status,) = host.cert.json("list")
        assert status["last_error"] in str(failed["reason"])
        assert status["leaf_sha256"] == hashlib.sha256(first).hexdigest()
    finally:
        os.kill(hanging, signal.SIGCONT)
    host.cert("renew", NAME, "--force")
    assert [leaf(host.port) != first for _ in range(8)] == [True] * 8
    (status,) = host.cert.json("list")
    assert status["is_served"] is True
    assert host.ca.record().certificates == {NAME: 2}
