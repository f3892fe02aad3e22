"""SIGTERM and SIGINT: goodbye where the edge still speaks, time for transfers, exit status 0.

A second signal does not wait for anybody.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clear import MAIL_PROTOCOLS, REFUSAL, ClearClient
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import Conversation, FakeBackend
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo, polite
from tests.support.tls_peer import TruncatedError

SIGNALS = [signal.SIGTERM, signal.SIGINT]
ON_STOP_S = 2.0
LATE_S = 1.5
PART = b"a part of a transfer\n" * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One edge that the test stops itself, with a listener for each protocol and an echo."""

    edge: Edge
    fronts: dict[str, int]
    raw: int


@pytest.fixture(name="house")
def _house(ports: Ports, pki: Pki, tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:

        def backend(protocol: str) -> FakeBackend:
            """Silent to real mail clients, so that they wait inside TLS."""
            mute = FakeBackend(Conversation.drain, probe=polite(protocol), port=ports.take())
            return stack.enter_context(mute)

        fronts = {protocol: ports.take() for protocol in MAIL_PROTOCOLS}
        repeater = stack.enter_context(FakeBackend(echo, port=ports.take()))
        raw = ports.take()
        tables: list[Listener | Backend] = [
            Listener(port=raw, backend="raw", mode="tls", protocol="raw"),
            Backend(name="raw", server=repeater.port),
        ]
        for protocol, port in fronts.items():
            tables += [
                Listener(port=port, backend=protocol),
                Backend(name=protocol, server=backend(protocol).port),
            ]
        top = {"drain": {"on_stop": ON_STOP_S}}
        edge = Edge(edge_toml(pki, tmp_path, *tables, workers=2, top=top), tmp_path)
        try:
            yield House(edge=edge, fronts=fronts, raw=raw)
        finally:
            edge.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_goodbyes(number: signal.Signals, house: House, pki: Pki) -> None:
    """In the clear, and inside TLS while the backend has not greeted; exit at once after them."""
    with ExitStack() as stack:
        clear = {p: stack.enter_context(ClearClient(port)) for p, port in house.fronts.items()}
        waiting = {p: stack.enter_context(ClearClient(port)) for p, port in house.fronts.items()}
        for protocol, client in clear.items():
            client.greeting(protocol)
        peers = {
            protocol: client.upgrade(protocol, pki.client_context(), HOSTNAME)
            for protocol, client in waiting.items()
        }
        for client in waiting.values():
            house.edge.established(client.address)
        hello = stack.enter_context(ClearClient(house.raw))
        begun_at = time.monotonic()
        house.edge.signal(number)
        for protocol, client in clear.items():
            words = client.rest()
            assert words.startswith(REFUSAL[protocol]), words
            client.sock.close()
        for protocol, peer in peers.items():
            words = peer.rest()
            assert words.startswith(REFUSAL[protocol]), words
            peer.sock.close()
        assert hello.rest() == b"", "before a ClientHello there is nothing to say"
        hello.sock.close()
        assert house.edge.wait() == 0
        assert time.monotonic() - begun_at < ON_STOP_S + LATE_S
    for client in [*clear.values(), *waiting.values(), hello]:
        assert house.edge.closed(client.address)["outcome"] == "shutdown"
    house.edge.assert_log_is_clean()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_running_transfer_finishes(number: signal.Signals, house: House, pki: Pki) -> None:
    """Nobody new gets in meanwhile, and the edge ends with the transfer, not with the deadline."""
    with ClearClient(house.raw) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(PART)
        house.edge.signal(number)
        house.edge.wait_for("edge.stopping")
        for _ in range(5):
            peer.send(PART)
        peer.close_notify()
        assert peer.rest() == PART * 6
    begun_at = time.monotonic()
    assert house.edge.wait() == 0
    assert time.monotonic() - begun_at < LATE_S
    assert house.edge.closed(client.address)["outcome"] == "client_closed"
    house.edge.assert_log_is_clean()


def test_a_transfer_that_takes_longer_is_cut(house: House, pki: Pki) -> None:
    with ClearClient(house.raw) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(PART)
        begun_at = time.monotonic()
        house.edge.signal(signal.SIGTERM)
        with pytest.raises((ConnectionResetError, TruncatedError)):
            peer.rest()
        assert ON_STOP_S <= time.monotonic() - begun_at < ON_STOP_S + LATE_S
    assert house.edge.wait() == 0
    assert house.edge.closed(client.address)["outcome"] == "shutdown"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_ends_at_once(number: signal.Signals, house: House, pki: Pki) -> None:
    with ClearClient(house.raw) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(b"hello\n")
        assert peer.line() == b"hello\n"
        house.edge.signal(number)
        house.edge.wait_for("edge.stopping")
        begun_at = time.monotonic()
        house.edge.signal(number)
        with pytest.raises((ConnectionResetError, TruncatedError)):
            peer.rest()
        assert house.edge.wait() == 0
        assert time.monotonic() - begun_at < ON_STOP_S / 2
    assert house.edge.closed(client.address)["outcome"] == "shutdown"
