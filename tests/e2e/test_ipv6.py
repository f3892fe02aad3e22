"""A client over IPv6 is an IPv6 address in the header; one mapped from IPv4 is an IPv4 address."""

from pathlib import Path

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports, has_ipv6
from tests.support.scripts import echo


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback")
def test_addresses(ports: Ports, pki: Pki, tmp_path: Path) -> None:
    front, back = ports.take(), ports.take()
    listener = Listener(
        port=front, hosts=("0.0.0.0", "[::]"), backend="echo", mode="tls", protocol="raw"
    )
    configuration = edge_toml(pki, tmp_path, listener, Backend(name="echo", server=back))
    with FakeBackend(echo, port=back) as backend, running_edge(configuration, tmp_path) as edge:
        for host in ("::1", "127.0.0.1"):
            since = backend.conversations.mark()
            with ClearClient(front, host=host) as client:
                peer = client.tls(pki.client_context(), HOSTNAME)
                peer.send(b"x")
                assert peer.receive() == b"x"
                record = edge.established(client.address)
                header = backend.client(since=since).header
                assert header is not None
                assert header.source == client.address
                assert header.destination == (host, front)
            assert record["client_ip"] == client.ip
