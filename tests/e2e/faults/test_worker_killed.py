"""SIGKILL for one of the processes: what it did not carry itself goes on.

A worker takes only its own connections with it and is replaced, with the same ticket keys; mail
goes on without the control process until there is another; without the master nobody stays.
"""

import os
import signal
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.own_edge import wait_until
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo, polite
from tests.support.sessions import connect, session_of
from tests.support.tls_peer import TlsPeer, TruncatedError

CLIENTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two workers in front of an echo (implicit TLS) and a mail server (STARTTLS)."""

    edge: Edge
    raw: int
    smtp: int


@contextmanager
def _backends(ports: Ports) -> Iterator[tuple[list[Listener | Backend], int, int]]:
    raw, smtp = ports.take(), ports.take()
    with (
        FakeBackend(echo, port=ports.take()) as repeater,
        FakeBackend(polite("smtp"), port=ports.take()) as server,
    ):
        tables: list[Listener | Backend] = [
            Listener(port=raw, backend="raw", mode="tls", protocol="raw"),
            Listener(port=smtp, backend="smtp"),
            Backend(name="raw", server=repeater.port),
            Backend(name="smtp", server=server.port),
        ]
        yield tables, raw, smtp


@pytest.fixture(name="pair")
def _pair(ports: Ports, pki: Pki, tmp_path: Path) -> Iterator[Pair]:
    with _backends(ports) as (tables, raw, smtp):
        edge = Edge(edge_toml(pki, tmp_path, *tables, workers=2), tmp_path)
        try:
            yield Pair(edge=edge, raw=raw, smtp=smtp)
        finally:
            edge.signal(signal.SIGTERM)
            status = edge.wait()
    assert status == 0
    errors = [record for record in edge.records() if record.get("level") == "error"]
    assert errors
    assert all(str(e["event"]).endswith(".died") and e["how"] == "SIGKILL" for e in errors), errors


def socket_count(pid: int) -> int:
    """Sockets that a process has open."""
    entries = Path(f"/proc/{pid}/fd").iterdir()
    return sum(entry.readlink().name.startswith("socket:") for entry in entries)


def is_alive(pid: int) -> bool:
    """Not gone and not a zombie that waits to be reaped."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def repeats(peer: TlsPeer, line: bytes) -> bool:
    """Whether the session lives; False when it was cut."""
    try:
        peer.send(line)
        return peer.line() == line
    except (ConnectionError, TruncatedError):
        return False


def converse(port: int, pki: Pki) -> None:
    with ClearClient(port) as client:
        peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        peer.send(b"QUIT\r\n")
        assert peer.rest() == b"221 2.0.0 bye\r\n"


def test_worker(pair: Pair, pki: Pki) -> None:
    context = pki.client_context(version=ssl.TLSVersion.TLSv1_2)
    edge = pair.edge
    with ExitStack() as stack:
        victim, other = edge.workers
        before = {pid: socket_count(pid) for pid in edge.workers}
        peers = []
        for number in range(CLIENTS):
            client = stack.enter_context(ClearClient(pair.raw))
            peers.append(client.tls(pki.client_context(), HOSTNAME))
            assert repeats(peers[-1], b"%d\n" % number)
        # Of each connection a worker holds the client's socket and the backend's.
        held = {pid: (socket_count(pid) - before[pid]) // 2 for pid in edge.workers}
        assert sum(held.values()) == CLIENTS
        with connect(context, pair.raw, HOSTNAME) as sock:
            session = session_of(sock)
            sock.unwrap().close()

        os.kill(victim, signal.SIGKILL)
        replaced = edge.wait_for("worker.replaced", pid=victim)
        alive = [peer for peer in peers if repeats(peer, b"are you there?\n")]
        assert len(alive) == held[other]
        assert is_alive(other)

        for _ in range(8):
            converse(pair.smtp, pki)
        # Whichever worker takes it: the keys of tickets are the master's.
        for _ in range(8):
            with connect(context, pair.raw, HOSTNAME, session=session) as sock:
                assert sock.session_reused
                sock.unwrap().close()

        # The one that came instead can carry all alone.
        os.kill(other, signal.SIGKILL)
        edge.wait_for("worker.replaced", pid=other)
        converse(pair.smtp, pki)
        assert isinstance(replaced["by"], int)
        assert is_alive(replaced["by"])


def test_connections_are_taken_while_a_worker_is_missing(pair: Pair, pki: Pki) -> None:
    victim, _ = pair.edge.workers
    os.kill(victim, signal.SIGKILL)
    for _ in range(8):
        converse(pair.smtp, pki)
    pair.edge.wait_for("worker.replaced", pid=victim)


def test_control_process(pair: Pair, pki: Pki) -> None:
    edge = pair.edge
    control = edge.ready["control"]
    assert isinstance(control, int)
    with ClearClient(pair.raw) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        assert repeats(peer, b"before\n")
        os.kill(control, signal.SIGKILL)
        assert repeats(peer, b"meanwhile\n")
        converse(pair.smtp, pki)
        replaced = edge.wait_for("control.replaced", pid=control)
        assert repeats(peer, b"afterwards\n")
        peer.close_notify()
    # The next control process carries the records on, and tells a new worker what it knows.
    assert edge.closed(client.address)["outcome"] == "client_closed"
    victim = edge.workers[0]
    os.kill(victim, signal.SIGKILL)
    edge.wait_for("worker.replaced", pid=victim)
    converse(pair.smtp, pki)
    assert isinstance(replaced["by"], int)
    assert is_alive(replaced["by"])


def test_master(ports: Ports, pki: Pki, tmp_path: Path) -> None:
    """Nobody would replace or stop its children any more: they end, and free their addresses."""
    with _backends(ports) as (tables, raw, _):
        edge = Edge(edge_toml(pki, tmp_path, *tables, workers=2), tmp_path)
        control = edge.ready["control"]
        assert isinstance(control, int)
        children = [*edge.workers, control]
        with ClearClient(raw) as client:
            assert repeats(client.tls(pki.client_context(), HOSTNAME), b"hello\n")
            edge.signal(signal.SIGKILL)
            wait_until(
                lambda: not any(map(is_alive, children)), f"end of {children}", timeout_s=8.0
            )
        assert edge.wait() == -signal.SIGKILL
