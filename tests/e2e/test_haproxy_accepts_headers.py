"""HAProxy `accept-proxy`, the strictest reader there is, accepts each kind of header we send.

It checks the CRC32C and the AUTHORITY, and resets the connection when anything is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.haproxy import Haproxy, running_haproxy
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports, has_ipv6


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    haproxy: Haproxy
    port: int


@pytest.fixture(scope="module")
def host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "haproxy-host"
    port = ports.take()
    hosts = ("127.0.0.1", "[::1]") if has_ipv6() else ("127.0.0.1",)
    with running_haproxy(directory / "haproxy", ports) as haproxy:
        configuration = edge_toml(
            pki,
            directory,
            Listener(port=port, hosts=hosts, backend="haproxy", mode="tls", protocol="imap"),
            Backend(name="haproxy", server=haproxy.port),
        )
        with running_edge(configuration, directory) as edge:
            yield Host(edge=edge, haproxy=haproxy, port=port)


@pytest.mark.parametrize("alpn", [(), ("imap",)], ids=["no-alpn", "alpn"])
@pytest.mark.parametrize("sni", [None, HOSTNAME, "a" * 60 + "." + "b" * 60 + ".example.org"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_header_is_accepted(
    address: str, sni: str | None, alpn: tuple[str, ...], host: Host, pki: Pki
) -> None:
    if address == "::1" and not has_ipv6():
        pytest.skip("no IPv6 loopback")
    context = pki.client_context(alpn=alpn)
    context.check_hostname = False
    with ClearClient(host.port, host=address) as client:
        peer = client.tls(context, sni)
        assert peer.line().startswith(b"* OK")
        peer.send(b"echo")
        assert peer.receive() == b"echo"
        ip, port = client.address
        source = f"src={ip}:{port} dst={address}:{host.port} "
        record = host.edge.established(client.address)
    line = host.haproxy.daemon.wait_for_line(source)
    assert f"id={record['id']}" in line
    # The longest name leaves no room for itself below 232 bytes over IPv6.
    if sni is None or len(sni) < 100:
        assert f"auth={sni or '-'} " in line
