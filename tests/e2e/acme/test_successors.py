"""A process that replaces a dead one serves what its predecessor served: never what is older.

The master was started when there was no certificate at all: it knows a self-signed one.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.acme_edge import NAME, Ca, acme_toml, leaf, running_ca
from tests.support.cert_command import CertCommand
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.ports import Ports
from tests.support.scripts import echo
from tests.support.sessions import connect, session_of


@dataclass(slots=True, kw_only=True)
class Host:
    edge: Edge
    ca: Ca
    cert: CertCommand
    worker: int
    control: int

    def kill(self, *roles: str) -> None:
        for role in roles:
            os.kill(getattr(self, role), signal.SIGKILL)

    def find(self, role: str, since: int) -> None:
        """Learn the pid of the new one."""
        replaced = self.edge.wait_for(f"{role}.replaced", since=since, timeout_s=20)
        assert isinstance(replaced["by"], int)
        setattr(self, role, replaced["by"])


@pytest.fixture(name="host")
def _host(ports: Ports, tmp_path: Path) -> Iterator[Host]:
    back = ports.take()
    with running_ca(tmp_path, ports) as ca, FakeBackend(echo, port=back):
        text = acme_toml(
            ca,
            tmp_path,
            Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Backend(name="echo", server=back),
        )
        edge = Edge(text, tmp_path)
        try:
            edge.wait_for("certificate.served", timeout_s=30)
            (worker,), control = edge.workers, edge.ready["control"]
            assert isinstance(control, int)
            cert = CertCommand(directory=tmp_path)
            yield Host(edge=edge, ca=ca, cert=cert, worker=worker, control=control)
        finally:
            # Not `stop`: each death is an error in its log.
            edge.kill()


@pytest.mark.parametrize("roles", [("worker",), ("worker", "control")], ids="+".join)
def test_the_first_handshake_is_a_good_one(roles: tuple[str, ...], host: Host) -> None:
    context = host.ca.client_context()
    for _ in range(2):
        since = host.edge.mark()
        host.kill(*roles)
        # It waits in the queue of the listener, until somebody is there to accept it.
        for _ in range(3):
            with connect(context, host.ca.ports.tls, NAME) as tls:
                session_of(tls)
        for role in roles:
            host.find(role, since)


def test_a_new_control_process_is_heard(host: Host) -> None:
    """Whatever its predecessor had counted."""
    for _ in range(2):
        before = leaf(host.ca.ports.tls)
        since = host.edge.mark()
        host.kill("control")
        host.find("control", since)
        host.edge.wait_for("certificate.served", since=since)
        host.cert("renew", NAME, "--force")
        assert leaf(host.ca.ports.tls) != before


@pytest.mark.parametrize("roles", [("worker",), ("control", "worker")], ids="+".join)
def test_sessions_that_were_given_up_stay_so(roles: tuple[str, ...], host: Host) -> None:
    context = host.ca.client_context()
    with connect(context, host.ca.ports.tls, NAME) as tls:
        session = session_of(tls)
    since = host.edge.mark()
    host.cert("revoke", NAME, "--reason", "keyCompromise")
    obtained = host.edge.wait_for("certificate.obtained", since=since, timeout_s=30)
    host.edge.wait_for("certificate.served", since=since, leaf_sha256=obtained["leaf_sha256"])
    for role in roles:
        since = host.edge.mark()
        host.kill(role)
        host.find(role, since)
    with connect(context, host.ca.ports.tls, NAME, session=session) as again:
        session_of(again)
        assert not again.session_reused
