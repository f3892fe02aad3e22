"""One session per issuer, opened when it is first needed and kept: it holds nonces and the account.

The account's key may change (`roll_over`), and with it every key authorization: so nobody opens a
second session for the same account, unless what the store has of it was changed, here or by another
process: then a session begun before would go on with a key that is no longer the account's.
"""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from certs.acme.directory import Directory
from certs.acme.session import Session
from certs.acme.transport import Transport
from certs.events import ClockSkew
from certs.manager.kit import ManagerKit
from certs.spec import Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A session, and the mark of its account in the store when it was last used."""

    session: Session
    mark: str


class Sessions:
    """Of one event loop. To be used as a context, which closes them."""

    def __init__(self, kit: ManagerKit) -> None:
        self._kit = kit
        self._stack = AsyncExitStack()
        self._transports: dict[str, Transport] = {}
        self._open: dict[str, _Open] = {}
        self._opening: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By issuer: one that does not answer holds up nobody else's."""

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
        async with self._opening[issuer.name]:
            known = self._open.get(issuer.name)
            if known is not None and known.mark == self._mark(issuer):
                return known.session
            session = await Session.open(
                await self._transport(issuer),
                store=self._kit.store,
                issuer=issuer,
                settings=self._kit.settings,
                sink=self._kit.sink,
            )
            self._open[issuer.name] = _Open(session=session, mark=self._mark(issuer))
            return session

    async def directory(self, issuer: Issuer) -> Directory:
        """What the CA offers; asked without an account. Raises AcmeProblem."""
        async with self._opening[issuer.name]:
            return await (await self._transport(issuer)).directory()

    def _mark(self, issuer: Issuer) -> str:
        return self._kit.store.watch(f"accounts/{issuer.name}")

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
