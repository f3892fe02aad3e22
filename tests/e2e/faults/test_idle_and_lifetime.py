"""The deadlines of a session: silence, one side that has ended, and age.

Each ends the session with its own outcome; traffic keeps the idle deadline away, and nothing keeps
the lifetime away. Both peers see a broken connection, not an orderly end.
"""

import select
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import Conversation, FakeBackend
from tests.support.own_edge import StartEdge
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.tls_peer import TlsPeer, TruncatedError

IDLE_S = 1.0
HALF_CLOSED_S = 1.0
LIFETIME_S = 2.0
LATE_S = 1.0
"""Deadlines are kept in steps of a quarter of a second, and the machine is busy."""
PAUSE_S = 0.3
DEADLINES = {
    "idle": {"idle": IDLE_S},
    "half_closed": {"half_closed": HALF_CLOSED_S},
    "lifetime": {"lifetime": LIFETIME_S},
}
BROKEN = (ConnectionResetError, TruncatedError)


def talk(one: Conversation) -> None:
    """Repeat each line. `stop` ends our direction; the end of theirs does not end ours."""
    while line := one.line():
        if line == b"stop\n":
            one.half_close()
        else:
            one.send(line)
    if one.end == "eof":
        # The edge has ended its direction; poll() reports the reset that follows.
        poller = select.poll()
        poller.register(one.sock, select.POLLHUP)
        poller.poll(10_000)
        one.end = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Three listeners with one short deadline each, in front of a backend that repeats lines."""

    edge: Edge
    backend: FakeBackend
    ports: dict[str, int]

    def duration_s(self, client: ClearClient, outcome: str) -> float:
        """From accept to the close, which must be recorded as `outcome`."""
        record = self.edge.closed(client.address)
        assert record["outcome"] == outcome, record
        return float(str(record["duration_ms"])) / 1000


@pytest.fixture(name="bench")
def _bench(start_edge: StartEdge, ports: Ports) -> Iterator[Bench]:
    fronts = {name: ports.take() for name in DEADLINES}
    listeners = [
        Listener(
            name=name.replace("_", "-"),
            port=fronts[name],
            backend="raw",
            mode="tls",
            protocol="raw",
            options={"timeouts": timeouts},
        )
        for name, timeouts in DEADLINES.items()
    ]
    with (
        FakeBackend(talk, port=ports.take()) as backend,
        start_edge(*listeners, Backend(name="raw", server=backend.port)) as edge,
    ):
        yield Bench(edge=edge, backend=backend, ports=fronts)


def say(peer: TlsPeer, line: bytes) -> None:
    peer.send(line)
    assert peer.line() == line


def talk_until_broken(peer: TlsPeer, for_s: float) -> None:
    """A line now and then, each one answered, for `for_s` seconds."""
    ends_at = time.monotonic() + for_s
    while (left_s := ends_at - time.monotonic()) > 0:
        say(peer, b"still here\n")
        # Readable before the pause is over: the edge has ended it.
        select.select([peer.sock], [], [], min(PAUSE_S, left_s))


def test_silence(bench: Bench, pki: Pki) -> None:
    with ClearClient(bench.ports["idle"]) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        say(peer, b"hello\n")
        with pytest.raises(BROKEN):
            peer.receive()
    assert IDLE_S * 0.7 < bench.duration_s(client, "idle_timeout") < IDLE_S + LATE_S
    assert bench.backend.client().wait_end() == "reset"


def test_traffic_keeps_silence_away(bench: Bench, pki: Pki) -> None:
    with ClearClient(bench.ports["idle"]) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        talk_until_broken(peer, 2 * IDLE_S)
        peer.close_notify()
        bench.backend.client().half_close()
    assert bench.duration_s(client, "client_closed") >= 2 * IDLE_S


def test_the_client_has_ended_and_the_backend_goes_on(bench: Bench, pki: Pki) -> None:
    with ClearClient(bench.ports["half_closed"]) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        say(peer, b"hello\n")
        peer.close_notify()
        with pytest.raises(BROKEN):
            peer.receive()
    assert bench.duration_s(client, "half_closed_timeout") < HALF_CLOSED_S + LATE_S
    assert bench.backend.client().wait_end() == "reset"


def test_the_backend_has_ended_and_the_client_stays(bench: Bench, pki: Pki) -> None:
    with ClearClient(bench.ports["half_closed"]) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(b"stop\n")
        assert peer.rest() == b""
        assert client.sock.recv(1) == b""
        assert bench.duration_s(client, "half_closed_timeout") < HALF_CLOSED_S + LATE_S
    assert bench.backend.client().wait_end() == "reset"


def test_age(bench: Bench, pki: Pki) -> None:
    """However lively the session is."""
    with ClearClient(bench.ports["lifetime"]) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        with pytest.raises((*BROKEN, BrokenPipeError)):
            talk_until_broken(peer, LIFETIME_S + LATE_S)
    assert LIFETIME_S <= bench.duration_s(client, "lifetime_exceeded") < LIFETIME_S + LATE_S
    assert bench.backend.client().wait_end() == "reset"
