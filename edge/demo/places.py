"""Which services the demo has, and on which ports they end up."""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edge.config.tree import Mode
from edge.core.protocol import Protocol

EDGE_HOST: Final = "127.0.0.1"
STANDIN_HOST: Final = "127.0.0.2"
"""The stand-in has the edge's port numbers on another loopback address, as Stalwart should."""
SERVER_NAME: Final = "localhost"
_IPV6_HOST: Final = "::1"
_STEPS: Final = (0, 10_000, 20_000)
"""Where to look when a port is taken; all below the range the kernel gives to clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One listener of the demo: `port` is the one asked for, 2000 above the well-known one."""

    name: str
    protocol: Protocol
    mode: Mode
    port: int
    require_tls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A service with the port it got, for the edge and for the stand-in alike."""

    service: Service
    port: int
    binds: tuple[str, ...]
    """Addresses of the edge as `host:port`."""

    @property
    def backend(self) -> str:
        """The stand-in's address."""
        return f"{STANDIN_HOST}:{self.port}"


class NoPortError(Exception):
    """Every port that a service may have is taken."""


_TLS: Final = Mode.TLS
_STARTTLS: Final = Mode.STARTTLS
SERVICES: Final = (
    Service(name="mx", protocol=Protocol.SMTP, mode=_STARTTLS, port=2025, require_tls=False),
    Service(name="submissions", protocol=Protocol.SMTP, mode=_TLS, port=2465),
    Service(name="submission", protocol=Protocol.SMTP, mode=_STARTTLS, port=2587),
    Service(name="imaps", protocol=Protocol.IMAP, mode=_TLS, port=2993),
    Service(name="imap", protocol=Protocol.IMAP, mode=_STARTTLS, port=2143),
    Service(name="pop3s", protocol=Protocol.POP3, mode=_TLS, port=2995),
    Service(name="pop3", protocol=Protocol.POP3, mode=_STARTTLS, port=2110),
    Service(name="sieve", protocol=Protocol.SIEVE, mode=_STARTTLS, port=2190),
    Service(name="https", protocol=Protocol.HTTP, mode=_TLS, port=2443),
)


def find_places() -> tuple[Place, ...]:
    """A free port for each service. Raises NoPortError."""
    hosts = [EDGE_HOST, *([_IPV6_HOST] if _can_bind(_IPV6_HOST, 0) else [])]
    return tuple(_find_place(service, hosts) for service in SERVICES)


def _find_place(service: Service, hosts: Sequence[str]) -> Place:
    for port in _candidates(service):
        if all(_can_bind(host, port) for host in (*hosts, STANDIN_HOST)):
            binds = tuple(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in hosts)
            return Place(service=service, port=port, binds=binds)
    raise NoPortError(f"no free port for {service.name}: tried {[*_candidates(service)]}")


def _candidates(service: Service) -> Iterator[int]:
    return (service.port + step for step in _STEPS)


def _can_bind(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
        # Or a connection of the last demo, in TIME_WAIT, would count as a taken port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
        return True
    return False
