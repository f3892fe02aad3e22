"""A backend that nobody has seen yet, or that restarts.

Until a probe has learnt its greeting, STARTTLS clients are refused in the words of the configured
protocol. Once it comes up it is learnt without a restart of the edge, and what was learnt
stays: while it is down again, clients are greeted.
"""

import socket
from pathlib import Path

import pytest

from tests.support.clear import MAIL_PROTOCOLS, REFUSAL, ClearClient
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.own_edge import StartEdge
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import polite

EVERY_SECOND = {"probe": {"interval": "1s"}}
WELL_KNOWN = {143: "imap", 25: "smtp", 110: "pop3", 4190: "sieve"}


def is_bindable(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_refused_until_learnt_then_served(
    protocol: str, start_edge: StartEdge, ports: Ports, pki: Pki
) -> None:
    front, back = ports.take(), ports.take()
    with start_edge(
        Listener(port=front, backend="late", protocol=protocol),
        Backend(name="late", server=back, options=EVERY_SECOND),
    ) as edge:
        edge.wait_for("backend.unavailable", backend="late")
        with ClearClient(front) as client:
            words = client.rest()
        assert words.startswith(REFUSAL[protocol]), words
        assert words.count(b"\r\n") == 1
        assert edge.closed(client.address)["outcome"] == "backend_unknown"

        first = FakeBackend(polite(protocol), port=back)
        learnt = edge.wait_for("backend.learnt", backend="late")
        assert learnt["protocol"] == protocol
        _serves(protocol, front, pki)
        first.close()
        with ClearClient(front) as client:
            client.upgrade(protocol, pki.client_context(), HOSTNAME).rest()
        assert edge.closed(client.address)["outcome"] == "backend_unreachable"

        with FakeBackend(polite(protocol), port=back):
            _serves(protocol, front, pki)


def _serves(protocol: str, front: int, pki: Pki) -> None:
    with ClearClient(front) as client:
        peer = client.upgrade(protocol, pki.client_context(), HOSTNAME)
        peer.send(b"x LOGOUT\r\n" if protocol == "imap" else b"QUIT\r\n")
        assert peer.rest()


def test_auto_goes_by_the_well_known_port(start_edge: StartEdge, ports: Ports) -> None:
    back = ports.take()
    host = "127.0.77.1"
    usable = {port: name for port, name in WELL_KNOWN.items() if is_bindable(host, port)}
    if not usable:
        pytest.skip("no well-known port can be bound here")
    listeners = [
        Listener(port=port, backend="late", name=name, hosts=(host,))
        for port, name in usable.items()
    ]
    with start_edge(*listeners, Backend(name="late", server=back)):
        for port, name in usable.items():
            with ClearClient(port, host=host) as client:
                assert client.rest().startswith(REFUSAL[name])


def test_auto_on_any_other_port_says_nothing(start_edge: StartEdge, ports: Ports) -> None:
    """Nobody knows the words of an unknown protocol."""
    front, back = ports.take(), ports.take()
    with start_edge(
        Listener(port=front, backend="late"), Backend(name="late", server=back)
    ) as edge:
        with ClearClient(front) as client:
            assert client.rest() == b""
        assert edge.closed(client.address)["outcome"] == "backend_unknown"


def test_unix_socket_that_appears_later(
    start_edge: StartEdge, ports: Ports, pki: Pki, tmp_path: Path
) -> None:
    front, path = ports.take(), tmp_path / "late.sock"
    with start_edge(
        Listener(port=front, backend="late", protocol="smtp"),
        Backend(name="late", server=f"unix:{path}", options=EVERY_SECOND),
    ) as edge:
        edge.wait_for("backend.unavailable", backend="late")
        with FakeBackend(polite("smtp"), path=path):
            edge.wait_for("backend.learnt", backend="late")
            _serves("smtp", front, pki)
