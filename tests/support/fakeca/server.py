"""The CA as a running https server with a certificate of an authority of its own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from trustme import CA

from tests.support.fakeca.app import Application
from tests.support.fakeca.core import Core, Reach
from tests.support.fakeca.faults import Faults
from tests.support.fakeca.management import Management
from tests.support.fakeca.record import Record
from tests.support.fakeca.state import State
from tests.support.fakeca.tasks import Tasks

ADDRESS = "127.0.0.1"
_SHUTDOWN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeCa:
    """What a test holds: addresses, knobs, counters."""

    core: Core
    ca_bundle: Path
    """What the server's own certificate is verified with."""
    changed: asyncio.Condition

    @property
    def directory(self) -> str:
        return self.core.url("dir")

    @property
    def faults(self) -> Faults:
        return self.core.faults

    @property
    def record(self) -> Record:
        return self.core.record

    @property
    def state(self) -> State:
        return self.core.state

    async def wait_for(
        self, predicate: Callable[[Record], bool], *, timeout_s: float = 10.0
    ) -> None:
        """Return once the counters are so."""
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(lambda: predicate(self.record))


@asynccontextmanager
async def running_fake_ca(
    directory: Path,
    *,
    port: int,
    reach: Reach | None = None,
    faults: Faults | None = None,
    management_port: int | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[FakeCa]:
    """A CA in this event loop; `directory` receives `ca.pem`."""
    core = Core(
        base=f"https://{ADDRESS}:{port}",
        reach=reach or Reach(),
        faults=faults or Faults(),
        now=now,
    )
    changed = asyncio.Condition()
    ca_bundle, context = _own_tls(directory)
    async with AsyncExitStack() as stack:
        tasks = Tasks()
        stack.push_async_callback(tasks.cancel)
        app = Application(core, tasks, changed).build()
        await stack.enter_async_context(_site(app, port, context))
        if management_port is not None:
            await stack.enter_async_context(_site(Management(core).build(), management_port, None))
        yield FakeCa(core=core, ca_bundle=ca_bundle, changed=changed)


@asynccontextmanager
async def _site(
    app: web.Application, port: int, context: ssl.SSLContext | None
) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, ADDRESS, port, ssl_context=context).start()
        yield
    finally:
        await runner.cleanup()


def _own_tls(directory: Path) -> tuple[Path, ssl.SSLContext]:
    directory.mkdir(parents=True, exist_ok=True)
    authority = CA(organization_name="the fake CA's own server")
    ca_bundle = directory / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_bundle))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(ADDRESS, "localhost").configure_cert(context)
    return ca_bundle, context
