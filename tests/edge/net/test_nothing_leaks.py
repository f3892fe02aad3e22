"""Connections free themselves without the cyclic collector, which workers switch off."""

import asyncio
import gc
import socket
import ssl
import weakref
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from edge.config.load import load_text
from edge.config.material import load_material
from edge.net import listener as listener_module
from edge.net.connection import Connection
from edge.ops.records import Closed, Established
from edge.run.build import build, build_data_path
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports

ROUNDS = 20


class Kept:
    """Takes records, and remembers how connections ended."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.all = asyncio.Event()

    def write(self, record: Established | Closed) -> None:
        if isinstance(record, Closed):
            self.outcomes.append(record.outcome)
            if len(self.outcomes) == 3 * ROUNDS:
                self.all.set()


async def _session(port: int, context: ssl.SSLContext, what: str) -> None:
    if what == "no hello":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.read()
    else:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=HOSTNAME
        )
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
    if what == "reset":
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        return
    writer.close()
    await writer.wait_closed()


def test_every_connection_is_freed(ports: Ports, pki: Pki, tmp_path: Path) -> None:
    front, back = ports.take(), ports.take()
    text = edge_toml(
        pki,
        tmp_path,
        Listener(port=front, backend="echo", mode="tls", protocol="raw"),
        Backend(name="echo", server=back, options={"proxy_protocol": "off"}),
    )
    config = load_text(text, tmp_path / "edge.toml", {}).config
    assert config is not None
    material = load_material(config, now=datetime.now(UTC)).material
    assert material is not None
    blueprint = build(config, material)
    seen: list[weakref.ref[Connection]] = []
    begin = listener_module.begin

    def remember(connection: Connection) -> None:
        seen.append(weakref.ref(connection))
        begin(connection)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def body() -> None:
        kept = Kept()
        bugs: list[BaseException] = []
        path = build_data_path(blueprint, asyncio.get_running_loop(), kept, bugs.append)
        server = await asyncio.start_server(echo, "127.0.0.1", back)
        for acceptor in path.acceptors:
            acceptor.open()
        listener_module.begin = remember
        gc.disable()
        try:
            for _ in range(ROUNDS):
                for what in ("close", "reset", "no hello"):
                    await _session(front, pki.client_context(), what)
            await kept.all.wait()
            assert bugs == []
            assert len(seen) == 3 * ROUNDS
            assert [one() for one in seen if one() is not None] == []
            assert len(path.worker.deadlines) == 0
        finally:
            gc.enable()
            listener_module.begin = begin
            for acceptor in path.acceptors:
                acceptor.close()
            path.worker.deadlines.close()
            path.worker.poller.close()
            server.close()
            await server.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(body(), 50))
