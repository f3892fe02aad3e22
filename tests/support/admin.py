"""The certificate API on a real unix socket, with operations that only say what was asked."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

import certs
from certs.events import Due, Failed, Obtained, Progress
from edge.ops.broadcast import Broadcast
from edge.ops.certapi import add_routes

NAME = "mail.example.org"
NOW = datetime.now(UTC)
STATUS = {
    "certificate": NAME,
    "key_type": "ecdsa-p256",
    "names": [NAME, "autoconfig.example.org"],
    "source": "acme",
    "issuer": "letsencrypt",
    "profile": "tlsserver",
    "not_before": NOW - timedelta(days=10, hours=1),
    "not_after": NOW + timedelta(days=35, hours=1),
    "next_renewal_at": NOW + timedelta(days=20, hours=1),
    "renewal_reason": "the CA suggests it",
    "last_error": None,
    "failures": 0,
    "is_served": True,
    "is_bootstrap": False,
}
DUE = Due(certificate=NAME, key_type="ecdsa-p256", reason="two thirds of its life are over")
STEP = Progress(certificate=NAME, key_type="ecdsa-p256", issuer="letsencrypt", step="validated")
OBTAINED = Obtained(
    certificate=NAME,
    key_type="ecdsa-p256",
    issuer="letsencrypt",
    profile="tlsserver",
    not_after=NOW + timedelta(days=45),
    leaf_sha256="ab" * 32,
)
FAILED = Failed(
    certificate=NAME,
    key_type="ecdsa-p256",
    issuer="letsencrypt",
    kind="order",
    reason="caa: forbidden\x1b[31m by the zone",
    failures=1,
    next_attempt_at=NOW + timedelta(minutes=1),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """An export."""

    chain_pem: bytes = b"-----BEGIN CERTIFICATE-----\nleaf\n"
    key_pem: bytes = b"-----BEGIN PRIVATE KEY-----\nsecret\n"


@dataclass(slots=True)
class FakeOperations:
    """Answers `result`, after `events`, or raises `error`; keeps what was asked."""

    result: object = field(default_factory=lambda: [STATUS])
    events: tuple[certs.Event, ...] = ()
    error: Exception | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)
    manager_sink: certs.EventSink | None = None
    """Where a manager tells what it does, whoever asked for it."""
    gate: asyncio.Event | None = None
    """Long operations wait for it behind their events."""

    def list(self) -> list[object]:
        found = self._answer("list")
        assert isinstance(found, list)
        return found

    def show(self, name: str) -> object:
        return self._answer("show", name)

    async def renew(self, name: str, *, force: bool, sink: certs.EventSink) -> object:
        return await self._do(self.manager_sink or sink, "renew", name, force)

    async def dry_run(self, name: str, *, sink: certs.EventSink) -> object:
        return await self._do(sink, "dry_run", name)

    async def revoke(self, name: str, *, reason: str) -> object:
        return self._answer("revoke", name, reason)

    async def import_certificate(self, name: str, *, key_pem: bytes, chain_pem: bytes) -> object:
        return self._answer("import", name, key_pem, chain_pem)

    def export_certificate(self, name: str, key_type: certs.KeyType | None) -> Pair:
        self._answer("export", name, key_type)
        return Pair()

    async def accounts(self) -> object:
        return self._answer("accounts")

    async def roll_over(self, issuer: str | None) -> object:
        return self._answer("roll_over", issuer)

    def tlsa(self, name: str) -> object:
        return self._answer("tlsa", name)

    async def _do(self, sink: certs.EventSink, *asked: object) -> object:
        for event in self.events:
            sink(event)
            await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        return self._answer(*asked)

    def _answer(self, *asked: object) -> object:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        return self.result


def application(
    operations: FakeOperations, on_bug: Callable[[BaseException], None] = lambda error: None
) -> web.Application:
    """The routes alone."""
    app = web.Application()
    managed = certs.Managed(
        names=(NAME, "autoconfig.example.org"),
        key_types=(certs.KeyType.ECDSA_P256,),
        challenges=(certs.ChallengeType.HTTP_01,),
    )
    operations.manager_sink = Broadcast(lambda event: None, [managed])
    add_routes(app, operations, events=operations.manager_sink, on_bug=on_bug)
    return app


@contextmanager
def serving(operations: FakeOperations, path: Path) -> Iterator[None]:
    """Serve at `path` from a thread with a loop of its own, as another process would."""
    started = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        runner = web.AppRunner(application(operations), access_log=None)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(end.set))
        started.set()
        await end.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        stop[0]()
        thread.join(10)
