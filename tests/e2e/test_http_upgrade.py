"""An HTTP Upgrade (WebSocket, JMAP push) turns into a stream of bytes both ways."""

from pathlib import Path

from tests.support.clear import ClearClient
from tests.support.edge import running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import Conversation, FakeBackend
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo

REQUEST = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def switch_and_echo(one: Conversation) -> None:
    assert one.exactly(len(REQUEST)) == REQUEST
    one.send(ANSWER)
    echo(one)


def test_upgrade(ports: Ports, pki: Pki, tmp_path: Path) -> None:
    front, back = ports.take(), ports.take()
    configuration = edge_toml(
        pki,
        tmp_path,
        Listener(port=front, backend="web", mode="tls", protocol="http"),
        Backend(name="web", server=back),
    )
    with FakeBackend(switch_and_echo, port=back) as backend, running_edge(configuration, tmp_path):
        with ClearClient(front) as client:
            peer = client.tls(pki.client_context(alpn=("http/1.1",)), HOSTNAME)
            peer.send(REQUEST)
            assert b"".join(peer.line() for _ in range(4)) == ANSWER
            for frame in (b"\x81\x05hello", b"\x89\x00", b"\x00\xff" * 1000):
                peer.send(frame)
                answer = b""
                while len(answer) < len(frame):
                    answer += peer.receive()
                assert answer == frame
            peer.close_notify()
            assert peer.rest() == b""
        assert backend.client().wait_end() == "eof"
