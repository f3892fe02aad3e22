"""A backend that cannot be reached: the client hears so in its protocol, and servers are tried.

Refused connections, a unix socket that is missing, and a server that never accepts must end in
421, * BYE, -ERR or BYE inside TLS and be recorded as `backend_unreachable`; with several servers
the first one that can be reached serves.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.clear import MAIL_PROTOCOLS, REFUSAL, ClearClient
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.own_edge import StartEdge
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import polite

CONNECT_S = 1


@contextmanager
def blackhole(port: int) -> Iterator[None]:
    """A listening socket whose queue is full: the kernel drops every further SYN."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield


def listener_of(protocol: str, port: int, mode: str) -> Listener:
    return Listener(
        port=port,
        backend=protocol,
        mode=mode,
        protocol=protocol,
        options={"timeouts": {"connect": CONNECT_S}},
    )


@pytest.mark.parametrize("how", ["refused", "no unix socket", "blackhole"])
def test_refused_inside_tls(
    how: str, start_edge: StartEdge, ports: Ports, pki: Pki, tmp_path: Path
) -> None:
    context = pki.client_context()
    with ExitStack() as stack:
        dead: int | str = ports.take()
        if how == "no unix socket":
            dead = f"unix:{tmp_path}/missing"
        elif how == "blackhole":
            assert isinstance(dead, int)
            stack.enter_context(blackhole(dead))
        fronts = {protocol: ports.take() for protocol in MAIL_PROTOCOLS}
        tables: list[Listener | Backend] = []
        for protocol, port in fronts.items():
            tables += [
                listener_of(protocol, port, "tls"),
                Backend(name=protocol, server=dead),
            ]
        edge = stack.enter_context(start_edge(*tables))
        clients = {
            protocol: stack.enter_context(ClearClient(port)) for protocol, port in fronts.items()
        }
        peers = {protocol: client.tls(context, HOSTNAME) for protocol, client in clients.items()}
        for protocol, peer in peers.items():
            words = peer.rest()
            assert words.startswith(REFUSAL[protocol]), words
            assert words.endswith(b"\r\n")
            clients[protocol].sock.close()
            record = edge.closed(clients[protocol].address)
            assert record["outcome"] == "backend_unreachable"
            assert record["tls"] is True
            assert (record["bytes_in"], record["bytes_out"]) == (0, 0)


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_backend_that_went_after_it_was_learnt(
    protocol: str, start_edge: StartEdge, ports: Ports, pki: Pki
) -> None:
    """The client is still greeted and upgraded; what is wrong is said inside TLS."""
    front = ports.take()
    backend = FakeBackend(polite(protocol), port=ports.take())
    with start_edge(
        listener_of(protocol, front, "starttls"), Backend(name=protocol, server=backend.port)
    ) as edge:
        backend.close()
        with ClearClient(front) as client:
            words = client.upgrade(protocol, pki.client_context(), HOSTNAME).rest()
        assert words.startswith(REFUSAL[protocol]), words
        assert edge.closed(client.address)["outcome"] == "backend_unreachable"


def test_servers_are_tried_in_order(
    start_edge: StartEdge, ports: Ports, pki: Pki, tmp_path: Path
) -> None:
    """A blackhole costs its connect timeout, a refusal and a missing socket nothing."""
    front, refused, hole, good = (ports.take() for _ in range(4))
    servers = [f"127.0.0.1:{refused}", f"unix:{tmp_path}/missing", f"127.0.0.1:{hole}"]
    with (
        blackhole(hole),
        FakeBackend(polite("smtp"), port=good) as backend,
        start_edge(
            listener_of("smtp", front, "tls"),
            Backend(
                name="smtp", server=servers[0], options={"servers": [*servers, f"127.0.0.1:{good}"]}
            ),
        ) as edge,
    ):
        with ClearClient(front) as client:
            peer = client.tls(pki.client_context(), HOSTNAME)
            assert peer.line().startswith(b"220 fake.example.org")
            peer.send(b"QUIT\r\n")
            assert peer.rest().startswith(b"221 ")
        record = edge.closed(client.address)
        assert record["server"] == f"127.0.0.1:{good}"
        assert record["outcome"] == "backend_closed"
        assert len(backend.clients()) == 1
