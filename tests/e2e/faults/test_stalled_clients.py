"""Clients that stop at any stage of the set-up: 50 of each are closed in time, and nothing is left.

The worker's descriptors return to where they were, each connection is recorded with the deadline
that it ran into, and a byte now and then buys no time.
"""

import select
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.support.clear import ClearClient
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import Conversation, FakeBackend
from tests.support.own_edge import StartEdge, all_closed, wait_until
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import polite
from tests.support.tls_peer import TlsPeer

CLIENTS = 50
SETUP_S = 2.0
STEP_S = 1.0
LINGER_S = 2.0
"""A client that was told why may take that long to read it."""
LATE_S = 1.5
"""Deadlines are kept in steps of a quarter of a second, and the machine is busy."""
TRICKLE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How far a client goes, and what becomes of it."""

    mode: str
    begin: Callable[[ClearClient, ssl.SSLContext], object]
    outcome: str
    after_s: float
    is_told: bool = False
    """Whether the edge says something first."""
    trickle: bytes = b""
    """What a client that does not stop entirely goes on with."""


def silence(client: ClearClient, context: ssl.SSLContext) -> None:
    """Connect, and no more."""


def greeting(client: ClearClient, context: ssl.SSLContext) -> None:
    client.greeting("smtp")


def ehlo(client: ClearClient, context: ssl.SSLContext) -> None:
    client.greeting("smtp")
    client.send(b"EHLO client.example.org\r\n")
    assert client.reply().startswith(b"250-")


def half_a_line(client: ClearClient, context: ssl.SSLContext) -> None:
    client.greeting("smtp")
    client.send(b"EHLO client.exam")


def starttls(client: ClearClient, context: ssl.SSLContext) -> None:
    client.greeting("smtp")
    client.starttls("smtp")


def half_hello(client: ClearClient, context: ssl.SSLContext) -> None:
    client.send(TlsPeer(client.sock, context, HOSTNAME).first_flight()[:100])


def half_hello_after_starttls(client: ClearClient, context: ssl.SSLContext) -> None:
    starttls(client, context)
    half_hello(client, context)


def server_hello(client: ClearClient, context: ssl.SSLContext) -> None:
    client.send(TlsPeer(client.sock, context, HOSTNAME).first_flight())
    assert client.sock.recv(65536)


def established(client: ClearClient, context: ssl.SSLContext) -> None:
    client.tls(context, HOSTNAME)


RECORD = b"\x17\x03\x03\x40\x00" + b"x" * 1000
"""Of 16 KiB, so that it is not whole for a long time."""
HELLO = b"\x16\x03\x01\x10\x00\x01\x00\x0f\xfc\x03\x03" + b"x" * 1000

STAGES = [
    Stage(mode="tls", begin=silence, outcome="hello_timeout", after_s=STEP_S, trickle=HELLO),
    Stage(mode="tls", begin=half_hello, outcome="hello_timeout", after_s=STEP_S, trickle=b"x"),
    Stage(
        mode="tls",
        begin=server_hello,
        outcome="handshake_timeout",
        after_s=STEP_S,
        trickle=RECORD,
    ),
    Stage(
        mode="tls",
        begin=established,
        outcome="backend_timeout",
        after_s=STEP_S,
        is_told=True,
        trickle=RECORD,
    ),
    Stage(
        mode="starttls",
        begin=greeting,
        outcome="setup_timeout",
        after_s=SETUP_S,
        is_told=True,
        trickle=b"NOOP",
    ),
    Stage(mode="starttls", begin=ehlo, outcome="setup_timeout", after_s=SETUP_S, is_told=True),
    Stage(
        mode="starttls",
        begin=half_a_line,
        outcome="setup_timeout",
        after_s=SETUP_S,
        is_told=True,
        trickle=b"x",
    ),
    Stage(mode="starttls", begin=starttls, outcome="hello_timeout", after_s=STEP_S, trickle=HELLO),
    Stage(
        mode="starttls", begin=half_hello_after_starttls, outcome="hello_timeout", after_s=STEP_S
    ),
]


@contextmanager
def short_deadlines(start_edge: StartEdge, ports: Ports) -> Iterator[tuple[Edge, dict[str, int]]]:
    """An edge in front of a backend that never greets a real client, and its ports by mode."""
    fronts = {mode: ports.take() for mode in ("starttls", "tls")}
    timeouts = {"setup": SETUP_S, "hello": STEP_S, "handshake": STEP_S, "greeting": STEP_S}
    listeners = [
        Listener(
            port=port, backend="smtp", mode=mode, protocol="smtp", options={"timeouts": timeouts}
        )
        for mode, port in fronts.items()
    ]
    with (
        FakeBackend(Conversation.drain, probe=polite("smtp"), port=ports.take()) as backend,
        start_edge(*listeners, Backend(name="smtp", server=backend.port)) as edge,
    ):
        yield edge, fronts


def test_fifty_clients_at_each_stage(start_edge: StartEdge, ports: Ports, pki: Pki) -> None:
    """They keep their sockets open until the edge has let go of every one of them."""
    context = pki.client_context()
    with ExitStack() as stack:
        edge, fronts = stack.enter_context(short_deadlines(start_edge, ports))
        baseline = edge.descriptors()
        held: dict[tuple[str, int], Stage] = {}
        for stage in STAGES:
            for _ in range(CLIENTS):
                client = stack.enter_context(ClearClient(fronts[stage.mode]))
                held[client.address] = stage
                stage.begin(client, context)
        records = all_closed(edge, held)
        assert edge.descriptors() == baseline
        for address, stage in held.items():
            record = records[address]
            assert record["outcome"] == stage.outcome, (stage, record)
            most_s = stage.after_s + (LINGER_S if stage.is_told else 0) + LATE_S
            duration_s = float(str(record["duration_ms"])) / 1000
            assert stage.after_s <= duration_s < most_s, (stage, record)


def test_a_byte_now_and_then_buys_no_time(start_edge: StartEdge, ports: Ports, pki: Pki) -> None:
    context = pki.client_context()
    with ExitStack() as stack:
        edge, fronts = stack.enter_context(short_deadlines(start_edge, ports))
        baseline = edge.descriptors()
        held: dict[ClearClient, tuple[Stage, Iterator[int], float]] = {}
        for stage in STAGES:
            if stage.trickle:
                client = stack.enter_context(ClearClient(fronts[stage.mode]))
                stage.begin(client, context)
                held[client] = (stage, iter(stage.trickle * 1000), time.monotonic())
        ended: dict[ClearClient, float] = {}
        while len(ended) < len(held):
            trickle({c: held[c][1] for c in held if c not in ended}, ended)
        records = all_closed(edge, (client.address for client in held))
        for client, (stage, _, begun_at) in held.items():
            assert ended[client] - begun_at < stage.after_s + LATE_S, stage
            assert records[client.address]["outcome"] == stage.outcome
        wait_until(lambda: edge.descriptors() == baseline, "descriptors at the baseline")


def trickle(clients: dict[ClearClient, Iterator[int]], ended: dict[ClearClient, float]) -> None:
    """One byte to each; a client whose stream ends is noted with the time, and closes."""
    by_socket = {client.sock: client for client in clients}
    pause_ends_at = time.monotonic() + TRICKLE_S
    for client, rest in clients.items():
        try:
            client.send(bytes([next(rest)]))
        except ConnectionError:
            ended[client] = time.monotonic()
            client.sock.close()
            del by_socket[client.sock]
    while (left_s := pause_ends_at - time.monotonic()) > 0 and by_socket:
        for sock in select.select(list(by_socket), [], [], left_s)[0]:
            client = by_socket[sock]
            try:
                is_over = not sock.recv(65536)
            except ConnectionError:
                is_over = True
            if is_over:
                ended[client] = time.monotonic()
                sock.close()
                del by_socket[sock]
