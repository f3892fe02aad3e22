"""A worker carries no ACME client, and a swap leaves nothing behind, however often it happens."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.cli.cert.remote import connect as connect_to_edge
from edge.ops.certcalls import Call, Import
from tests.support.acme_edge import NAME, Ca, acme_edge, running_ca
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.own_edge import wait_until
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.scripts import echo
from tests.support.sessions import connect, session_of

SWAPS = 20
WARM = 4
GROWTH_BYTES = 2 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    ca: Ca
    socket: Path

    def ask(self, call: Call) -> None:
        """As a command does, without the time that it takes to start one."""
        edge = connect_to_edge([self.socket])
        assert edge is not None
        edge.call(call, lambda event: None)

    @property
    def control(self) -> int:
        pid = self.edge.ready["control"]
        assert isinstance(pid, int)
        return pid


@pytest.fixture(name="host", scope="module")
def _host(ports: Ports, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "small"
    directory.mkdir(parents=True, exist_ok=True)
    back = ports.take()
    with (
        running_ca(directory, ports) as ca,
        FakeBackend(echo, port=back),
        acme_edge(
            ca,
            directory,
            Listener(name="raw", port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
            Listener(name="imap", port=ports.take(), backend="echo", mode="tls", protocol="imap"),
            Backend(name="echo", server=back),
            workers=2,
        ) as edge,
    ):
        edge.wait_for("certificate.served", timeout_s=30)
        yield Host(edge=edge, ca=ca, socket=directory / "state" / "admin.sock")


def libraries(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208


def test_no_acme_client_is_loaded(host: Host) -> None:
    assert "aiohttp/_http_parser" in libraries(host.control)
    for pid in host.edge.workers:
        loaded = libraries(pid)
        assert "_ssl" in loaded
        assert "aiohttp" not in loaded
        assert host.edge.resident_bytes() < 2 * 70 << 20


def test_twenty_swaps_leave_nothing_behind(host: Host, pki: Pki) -> None:
    pairs = [pki.server(f"swap-{one}", NAME) for one in range(2)]

    def swap(times: int) -> None:
        for one in range(times):
            pair = pairs[one % 2]
            host.ask(
                Import(name=NAME, key_pem=pair.key.read_text(), chain_pem=pair.cert.read_text())
            )

    def visit() -> None:
        """Each certificate is also used, with sessions that outlive it."""
        with ExitStack() as stack:
            context = pki.client_context()
            for _ in range(8):
                session_of(stack.enter_context(connect(context, host.ca.ports.tls, NAME)))

    swap(WARM)
    visit()
    processes = (host.control, *host.edge.workers)
    before = {pid: descriptors(pid) for pid in processes}
    resident = host.edge.resident_bytes()
    swap(SWAPS)
    visit()
    wait_until(
        lambda: all(descriptors(pid) <= before[pid] for pid in processes),
        "descriptors as before",
    )
    assert host.edge.resident_bytes() - resident < GROWTH_BYTES
