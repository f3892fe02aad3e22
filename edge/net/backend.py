"""A backend as a worker sees it: where to dial, what its probe learnt, which header to send."""

import ipaddress
import socket
from dataclasses import dataclass

from edge.config.tree import Backend, ProxyVersion, TcpAddress, UnixAddress
from edge.core.protocol import Learnt
from edge.core.proxy.v1 import encode_v1
from edge.core.proxy.v2 import HeaderEncoder, TlsInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One server, resolved: ready for `connect` without any look-up."""

    family: int
    address: tuple[str, int] | str
    label: str


def literal_endpoint(server: TcpAddress | UnixAddress) -> Endpoint | None:
    """The endpoint of a server that needs no DNS; None for a host name."""
    match server:
        case UnixAddress(path=path):
            return Endpoint(family=socket.AF_UNIX, address=path, label=str(server))
        case TcpAddress(host=host, port=port):
            try:
                version = ipaddress.ip_address(host).version
            except ValueError:
                return None
            family = socket.AF_INET6 if version == 6 else socket.AF_INET
            return Endpoint(family=family, address=(host, port), label=str(server))


class BackendState:
    """One backend in one worker. The control process replaces what was learnt and resolved."""

    __slots__ = ("_encoder", "endpoints", "learnt", "spec")

    def __init__(self, spec: Backend) -> None:
        self.spec = spec
        self.learnt: Learnt | None = None
        self.endpoints: tuple[Endpoint, ...] = tuple(
            endpoint for server in spec.servers if (endpoint := literal_endpoint(server))
        )
        self._encoder = HeaderEncoder(tlvs=spec.tlvs)

    def header(
        self,
        *,
        source: tuple[str, int],
        destination: tuple[str, int],
        tls: TlsInfo | None,
        authority: str | None,
        alpn: str | None,
        unique_id: str,
    ) -> bytes:
        """The bytes that open a connection to this backend; empty with `proxy_protocol = "off"`."""
        match self.spec.proxy_protocol:
            case ProxyVersion.V2:
                return self._encoder.encode(
                    source=source,
                    destination=destination,
                    tls=tls,
                    authority=authority,
                    alpn=alpn.encode() if alpn else None,
                    unique_id=unique_id.encode(),
                )
            case ProxyVersion.V1:
                return encode_v1(source, destination)
            case ProxyVersion.OFF:
                return b""
