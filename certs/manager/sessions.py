"""One session per issuer, opened when it is first needed and kept: it holds nonces and the account.

The account's key may change (`roll_over`), and with it every key authorization: so nobody opens a
second session for the same account.
"""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from certs.acme.session import Session
from certs.acme.transport import Transport
from certs.events import ClockSkew
from certs.manager.kit import ManagerKit
from certs.spec import Issuer


class Sessions:
    """Of one event loop. To be used as a context, which closes them."""

    def __init__(self, kit: ManagerKit) -> None:
        self._kit = kit
        self._stack = AsyncExitStack()
        self._transports: dict[str, Transport] = {}
        self._open: dict[str, Session] = {}
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        self._open.clear()
        self._transports.clear()

    async def of(self, issuer: Issuer) -> Session:
        """The session. Raises AcmeProblem and StoreError; the next call tries again."""
        async with self._opening:
            session = self._open.get(issuer.name)
            if session is None:
                session = self._open[issuer.name] = await Session.open(
                    await self._transport(issuer),
                    store=self._kit.store,
                    issuer=issuer,
                    settings=self._kit.settings,
                    sink=self._kit.sink,
                )
            return session

    async def _transport(self, issuer: Issuer) -> Transport:
        transport = self._transports.get(issuer.name)
        if transport is None:
            transport = await self._stack.enter_async_context(
                Transport(
                    issuer=issuer,
                    user_agent=self._kit.settings.user_agent,
                    clock=self._kit.clock,
                    is_loopback_http_allowed=self._kit.is_loopback_http_allowed,
                    on_skew=lambda seconds: self._kit.sink(
                        ClockSkew(issuer=issuer.name, seconds=round(seconds, 1))
                    ),
                )
            )
            self._transports[issuer.name] = transport
        return transport
