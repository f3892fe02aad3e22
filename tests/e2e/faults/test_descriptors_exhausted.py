"""More clients than a worker has descriptors: it does not spin, and serves again afterwards.

What cannot be accepted waits in the kernel's queue; an accepted client for whose backend no
descriptor is left hears that the service is unavailable.
"""

import os
import resource
import select
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.clear import REFUSAL, ClearClient
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.own_edge import StartEdge, wait_until
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import polite

DESCRIPTORS = 64
CLIENTS = 2 * DESCRIPTORS
WATCHED_S = 1.0
MOST_CPU_S = 0.3


def limit_descriptors(edge: Edge, soft: int) -> None:
    for pid in edge.workers:
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(name="front")
def _front(ports: Ports) -> int:
    return ports.take()


@pytest.fixture(name="edge")
def _edge(start_edge: StartEdge, ports: Ports, front: int) -> Iterator[Edge]:
    with (
        FakeBackend(polite("smtp"), port=ports.take()) as backend,
        start_edge(
            Listener(port=front, backend="smtp"), Backend(name="smtp", server=backend.port)
        ) as edge,
    ):
        limit_descriptors(edge, DESCRIPTORS)
        yield edge


def serves(front: int, pki: Pki) -> None:
    with ClearClient(front) as client:
        peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        peer.send(b"QUIT\r\n")
        assert peer.rest() == b"221 2.0.0 bye\r\n"


def test_waits_without_spinning_and_recovers(edge: Edge, front: int, pki: Pki) -> None:
    (worker,) = edge.workers
    baseline = edge.descriptors()
    with ExitStack() as stack:
        clients = [stack.enter_context(ClearClient(front)) for _ in range(CLIENTS)]
        wait_until(lambda: edge.descriptors() >= DESCRIPTORS, "every descriptor in use")
        before_s = cpu_s(worker)
        assert not select.select([clients[-1].sock], [], [], WATCHED_S)[0]
        assert cpu_s(worker) - before_s < MOST_CPU_S
        # One leaves, and one of those in the queue is greeted.
        sockets = [client.sock for client in clients]
        greeted = select.select(sockets, [], [], 0)[0]
        queue = [sock for sock in sockets if sock not in greeted]
        assert len(queue) > CLIENTS - DESCRIPTORS
        greeted[0].close()
        assert select.select(queue, [], [], 5)[0]
    wait_until(lambda: edge.descriptors() == baseline, "descriptors at the baseline")
    serves(front, pki)


def test_no_descriptor_for_the_backend(edge: Edge, front: int, pki: Pki) -> None:
    with ExitStack() as stack:
        last = stack.enter_context(ClearClient(front))
        last.greeting("smtp")
        last.starttls("smtp")
        for _ in range(CLIENTS):
            stack.enter_context(ClearClient(front))
        wait_until(lambda: edge.descriptors() >= DESCRIPTORS, "every descriptor in use")
        words = last.tls(pki.client_context(), HOSTNAME).rest()
        assert words.startswith(REFUSAL["smtp"]), words
        last.sock.close()
        assert edge.closed(last.address)["outcome"] == "backend_unreachable"
    serves(front, pki)


def test_started_with_few(start_edge: StartEdge, ports: Ports, front: int, pki: Pki) -> None:
    """A limit of the environment (`ulimit -n`) is met in the same way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        backend = stack.enter_context(FakeBackend(polite("smtp"), port=ports.take()))
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
        try:
            edge = stack.enter_context(
                start_edge(
                    Listener(port=front, backend="smtp"),
                    Backend(name="smtp", server=backend.port),
                )
            )
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with ExitStack() as crowd:
            for _ in range(CLIENTS):
                crowd.enter_context(ClearClient(front))
            wait_until(lambda: edge.descriptors() >= DESCRIPTORS, "every descriptor in use")
        serves(front, pki)
