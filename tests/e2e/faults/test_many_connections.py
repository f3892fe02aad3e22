"""2,000 TLS connections at the same time: each is served, verified, closed, and leaves nothing.

Every client sends lines of its own, so that bytes which stray into another connection show.
"""

import asyncio
import hashlib
import resource
import ssl
from collections.abc import Iterator

import pytest

from tests.support.addresses import Address
from tests.support.edge_config import Backend, Listener
from tests.support.own_edge import StartEdge, all_closed, wait_until
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports

CONNECTIONS = 2_000
PER_ADDRESS = 100
AT_A_TIME = 100
"""Handshakes under way: all of them are open together later."""
NEEDED_DESCRIPTORS = 2 * CONNECTIONS + 500
"""Here a client's and a backend's socket for each; in the edge, which inherits the limit, too."""
DEADLINE_S = 40.0


@pytest.fixture(autouse=True)
def _many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < NEEDED_DESCRIPTORS:
        pytest.skip(f"needs {NEEDED_DESCRIPTORS} descriptors, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def digest_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The backend: behind the PROXY header each line is answered by its SHA-256 in hex."""
    try:
        fixed = await reader.readexactly(16)
        await reader.readexactly(int.from_bytes(fixed[14:16], "big"))
        while line := await reader.readline():
            writer.write(answer_to(line))
    finally:
        writer.close()


def answer_to(line: bytes) -> bytes:
    return hashlib.sha256(line).hexdigest().encode() + b"\n"


class Crowd:
    """Clients that connect, wait for each other, and leave together."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context
        self._starting = asyncio.Semaphore(AT_A_TIME)
        self._everybody = asyncio.Barrier(CONNECTIONS)
        self.addresses: list[Address] = []

    async def client(self, number: int) -> None:
        async with self._starting:
            source = f"127.0.{1 + number // PER_ADDRESS}.1"
            reader, writer = await asyncio.open_connection(
                "127.0.0.1",
                self._port,
                ssl=self._context,
                server_hostname=HOSTNAME,
                local_addr=(source, 0),
            )
            self.addresses.append(writer.get_extra_info("sockname")[:2])
            await self._ask(reader, writer, b"first line of %d\n" % number)
        await self._everybody.wait()
        await self._ask(reader, writer, b"all of us are here, says %d\n" % number)
        await self._everybody.wait()
        writer.close()
        await writer.wait_closed()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes
    ) -> None:
        writer.write(line)
        assert await reader.readline() == answer_to(line)


async def everybody(port: int, back: int, context: ssl.SSLContext) -> list[Address]:
    """The backend and all clients in one loop; the clients' addresses."""
    server = await asyncio.start_server(digest_lines, "127.0.0.1", back, backlog=1024)
    async with server, asyncio.timeout(DEADLINE_S):
        crowd = Crowd(port, context)
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(crowd.client(number))
    return crowd.addresses


def test_two_thousand_at_the_same_time(start_edge: StartEdge, ports: Ports, pki: Pki) -> None:
    front, back = ports.take(), ports.take()
    with start_edge(
        Listener(port=front, backend="raw", mode="tls", protocol="raw"),
        Backend(name="raw", server=back),
        workers=2,
    ) as edge:
        baseline = edge.descriptors()
        addresses = asyncio.run(everybody(front, back, pki.client_context()))
        assert len(set(addresses)) == CONNECTIONS
        records = all_closed(edge, addresses)
        assert {record["outcome"] for record in records.values()} == {"client_closed"}
        assert all(record["bytes_out"] == 2 * 65 for record in records.values())
        assert len({record["id"] for record in records.values()}) == CONNECTIONS
        wait_until(lambda: edge.descriptors() == baseline, "descriptors at the baseline")
