"""Learning the backends' greetings, in the control process: IO for `edge.core.starttls.probe`.

Every probe opens with a LOCAL header, so that the backend does not count it as a client, and ends
with QUIT or LOGOUT, so that it does not fill the backend's log with broken sessions.
"""

import asyncio
import contextlib
import random
import socket
from dataclasses import dataclass

from edge.config.tree import Backend, ProxyVersion, TcpAddress
from edge.core.protocol import Learnt, Protocol
from edge.core.proxy.v2 import encode_local
from edge.core.starttls.probe import LearntAll, Probe, Said
from edge.errors import ProtocolError
from edge.net.backend import Endpoint, literal_endpoint

_READ_BYTES = 4096
_PROBE_S = 15.0
_GOODBYE_S = 2.0
_RETRY_S = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one round saw of a backend."""

    endpoints: tuple[Endpoint, ...]
    learnt: Learnt | None
    failure: str | None


async def look(backend: Backend, *, is_learnt: bool, expected: Protocol | None, name: str) -> Sight:
    """Resolve the backend's servers and, if asked, learn the greeting of the first that answers."""
    endpoints = await resolve(backend)
    if not endpoints:
        return Sight(endpoints=(), learnt=None, failure="no server has an address")
    if not is_learnt:
        return Sight(endpoints=endpoints, learnt=None, failure=None)
    failures: list[str] = []
    for endpoint in endpoints:
        try:
            async with asyncio.timeout(_PROBE_S):
                learnt = await _converse(endpoint, backend.proxy_protocol, expected, name)
        except TimeoutError:
            failures.append(f"{endpoint.label}: no greeting within {_PROBE_S:.0f} s")
        except OSError as error:
            failures.append(f"{endpoint.label}: {error.strerror or error}")
        except ProtocolError as error:
            failures.append(f"{endpoint.label}: {error.detail}")
        else:
            return Sight(endpoints=endpoints, learnt=learnt, failure=None)
    return Sight(endpoints=endpoints, learnt=None, failure="; ".join(failures)[:500])


async def resolve(backend: Backend) -> tuple[Endpoint, ...]:
    """All addresses of all servers, in the order of the configuration."""
    found: list[Endpoint] = []
    for server in backend.servers:
        literal = literal_endpoint(server)
        if literal is not None:
            found.append(literal)
        elif isinstance(server, TcpAddress):
            found += await _look_up(server)
    return tuple(found)


async def _look_up(server: TcpAddress) -> list[Endpoint]:
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [
        Endpoint(family=family, address=(str(address[0]), server.port), label=str(server))
        for family, _, _, _, address in answers
    ]


async def _converse(
    endpoint: Endpoint, proxy: ProxyVersion, expected: Protocol | None, name: str
) -> Learnt:
    reader, writer = await _connect(endpoint)
    try:
        match proxy:
            case ProxyVersion.V2:
                writer.write(encode_local())
            case ProxyVersion.V1:
                writer.write(b"PROXY UNKNOWN\r\n")
            case ProxyVersion.OFF:
                pass
        probe = Probe(expected, name)
        while data := await reader.read(_READ_BYTES):
            for event in probe.feed(data):
                match event:
                    case Said(data=words):
                        writer.write(words)
                    case LearntAll(learnt=learnt, goodbye=goodbye):
                        writer.write(goodbye)
                        with contextlib.suppress(TimeoutError, OSError):
                            async with asyncio.timeout(_GOODBYE_S):
                                await reader.read()
                        return learnt
        raise ConnectionResetError("closed before it had said all")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _connect(endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(endpoint.address, str):
        return await asyncio.open_unix_connection(endpoint.address)
    return await asyncio.open_connection(*endpoint.address)


def pause_s(interval_s: float, failures: int) -> float:
    """Seconds until the next look: soon after a failure, with jitter always."""
    base = interval_s if not failures else _RETRY_S[min(failures, len(_RETRY_S)) - 1]
    return min(base, interval_s) * random.uniform(0.9, 1.1)  # noqa: S311 - jitter, not a secret
