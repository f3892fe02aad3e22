"""A backend may be a unix socket, speak PROXY v1 or none, or be the second of two servers."""

from pathlib import Path

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import running_edge
from tests.support.edge_config import Backend, Listener, Value, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo


@pytest.mark.parametrize("proxy_protocol", ["v1", "off", "v2"])
@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_transport(
    transport: str, proxy_protocol: str, ports: Ports, pki: Pki, tmp_path: Path
) -> None:
    front, back = ports.take(), ports.take()
    path = tmp_path / "backend.sock" if transport == "unix" else None
    server = f"unix:{path}" if path else back
    options: dict[str, Value] = {"proxy_protocol": proxy_protocol}
    configuration = edge_toml(
        pki,
        tmp_path,
        Listener(port=front, backend="echo", mode="tls", protocol="raw"),
        Backend(name="echo", server=server, options=options),
    )
    with (
        FakeBackend(echo, port=back, path=path, proxy_protocol=proxy_protocol) as backend,
        running_edge(configuration, tmp_path) as edge,
        ClearClient(front) as client,
    ):
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(b"hello")
        assert peer.receive() == b"hello"
        peer.close_notify()
        assert peer.rest() == b""
        record = edge.closed(client.address)
        header = backend.client().header
        if proxy_protocol == "off":
            assert header is None
        else:
            assert header is not None
            assert header.source == client.address
            assert header.destination == ("127.0.0.1", front)
    assert record["server"] == (f"unix:{path}" if path else f"127.0.0.1:{back}")
