"""The deadlines of a session: silence, one side that has ended, and age.

Each ends the session with its own outcome; traffic in either direction keeps the idle deadline
away, and nothing keeps the lifetime away. Both peers see a broken connection, not an orderly end.
"""

import select
import time
from collections.abc import Callable, Iterator
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
LIFETIME_S = 2.5
LATE_S = 1.0
"""Deadlines are kept in steps of a quarter of a second, and the machine is busy."""
PAUSE_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An edge with one short deadline at a time, in front of a backend that repeats lines."""

    edge: Edge
    backend: FakeBackend
    ports: dict[str, int]

    def client(self, deadline: str) -> ClearClient:
        return ClearClient(self.ports[deadline])


DEADLINES = {
    "idle": {"idle": IDLE_S},
    "half_closed": {"half_closed": HALF_CLOSED_S},
    "lifetime": {"lifetime": LIFETIME_S, "idle": 30.0},
}


def talk(one: Conversation) -> None:
    """Repeat each line; `stop` ends our direction, and the other one stays open."""
    while line := one.line():
        if line == b"stop\n":
            one.half_close()
        else:
            one.send(line)
    if one.end == "eof":
        Event_never(one)


@pytest.fixture(name="bench")
def _bench(start_edge: StartEdge, ports: Ports) -> Iterator[Bench]:
    fronts = {name: ports.take() for name in DEADLINES}
    listeners = [
        Listener(
            name=name,
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
