"""What is said of listeners: the wrong certificate is a mismatch, and silence says nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certs
from edge.config.load import load
from edge.config.tree import Listener
from edge.run import deploying, selfcheck
from edge.run.deploying import WorkersDeployer
from edge.run.distributing import Distributor
from tests.support.ports import Ports

NAME = "mail.example.org"
NOW = datetime.now(UTC)
WANTED = certs.self_signed([NAME], now=NOW, valid_for=timedelta(days=9))
OTHER = certs.self_signed([NAME], now=NOW, valid_for=timedelta(days=9))
Handler = Callable[[asyncio.StreamWriter], None]

CONFIG = """
[edge]
hostname = "{name}"
state_dir = "{directory}"
[[certificate]]
names = ["{name}"]
source = "self-signed"
[[listener]]
name = "mail"
bind = ["127.0.0.1:{port}"]
mode = "tls"
protocol = "raw"
backend = "mail"
[[backend]]
name = "mail"
servers = ["127.0.0.1:9"]
"""


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfcheck, "_DEADLINE_S", 0.3)
    monkeypatch.setattr(deploying, "_PAUSE_S", 0.01)


@pytest.fixture(name="listener")
def _listener(ports: Ports, tmp_path: Path) -> Listener:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG.format(name=NAME, directory=tmp_path, port=ports.take()))
    config = load(path, {}).config
    assert config is not None
    return config.listeners[0]


@asynccontextmanager
async def serving(
    listener: Listener, handler: Handler, served: certs.CertificateSet | None = None
) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """What is at the listener's port, and who has connected."""
    context = None
    if served is not None:
        profile = certs.TlsProfile(
            policy=certs.TlsPolicy.INTERMEDIATE,
            alpn=(),
            client_auth=certs.ClientAuth.NONE,
            client_ca_pem=None,
        )
        context = certs.site_context(served.certificates[0], profile)
    connected: list[asyncio.StreamWriter] = []

    def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)
        handler(writer)

    port = listener.bind[0].port
    server = await asyncio.start_server(handle, "127.0.0.1", port, ssl=context)
    try:
        yield connected
    finally:
        server.close()
        for writer in connected:
            writer.transport.abort()
        await asyncio.sleep(0)


def stay(_: asyncio.StreamWriter) -> None:
    """Say nothing (more)."""


def leave(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def verify(listener: Listener, *, is_stopping: bool = False) -> list[certs.Mismatch]:
    distributor = Distributor([], [])
    distributor.is_stopping = is_stopping
    return await WorkersDeployer(distributor, [listener]).verify(WANTED)


def test_the_right_one(listener: Listener) -> None:
    async def body() -> None:
        async with serving(listener, stay, WANTED):
            assert await verify(listener) == []

    asyncio.run(body())


def test_the_wrong_one(listener: Listener) -> None:
    async def body() -> None:
        async with serving(listener, stay, OTHER):
            (mismatch,) = await verify(listener)
        assert mismatch.served_sha256 == OTHER.certificates[0].leaf_sha256
        assert mismatch.listener.startswith("mail 127.0.0.1:")

    asyncio.run(body())


def test_no_handshake_is_tried_again_then_told(listener: Listener) -> None:
    async def body() -> None:
        async with serving(listener, leave) as connected:
            (mismatch,) = await verify(listener)
        assert mismatch.served_sha256 is None
        assert len(connected) == 3

    asyncio.run(body())


def test_silence_says_nothing_of_what_is_served(listener: Listener) -> None:
    """A listener without room for one connection more keeps its new certificate."""

    async def body() -> None:
        async with serving(listener, stay):
            with pytest.raises(TimeoutError, match=r"mail 127\.0\.0\.1:\d+: no answer"):
                await verify(listener)

    asyncio.run(body())


def test_nothing_is_told_at_the_end(listener: Listener) -> None:
    async def body() -> None:
        async with serving(listener, leave):
            assert await verify(listener, is_stopping=True) == []

    asyncio.run(body())
