"""aiosmtpd behind the PROXY protocol: an SMTP server that keeps the TLVs and the messages."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.addresses import Address
from tests.support.journal import Journal

if TYPE_CHECKING:
    from aiosmtpd.proxy_protocol import ProxyData


@dataclass(kw_only=True)
class Recorder:
    """aiosmtpd's handler: `headers` for every real connection, `messages` for every DATA."""

    headers: "Journal[ProxyData]" = field(default_factory=lambda: Journal("PROXY headers"))
    messages: Journal[Envelope] = field(default_factory=lambda: Journal("messages"))

    async def handle_PROXY(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, proxy_data: "ProxyData"
    ) -> bool:
        """Accept every header."""
        if proxy_data.command:
            self.headers.add(proxy_data)
        return True

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Accept every message."""
        self.messages.add(envelope)
        return "250 2.0.0 recorded"

    def header_from(self, client: Address) -> "ProxyData":
        """The header of one client."""
        return self.headers.wait_for(
            lambda data: (str(data.src_addr), data.src_port) == client, f"header of {client}"
        )


@contextmanager
def running_recorder(port: int, *, behind_proxy: bool = True) -> Iterator[Recorder]:
    """aiosmtpd in a thread with its own event loop, on 127.0.0.1:`port`."""
    recorder = Recorder()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(
            lambda: SMTP(
                recorder,
                hostname="aiosmtpd.example.org",
                proxy_protocol_timeout=5.0 if behind_proxy else None,
                loop=loop,
                enable_SMTPUTF8=True,
            ),
            "127.0.0.1",
            port,
        )
    )
    thread = threading.Thread(target=loop.run_forever, name="aiosmtpd", daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
