"""Requests to one CA: signed, retried, bounded, and over https only."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from certs.acme.directory import Directory, DirectoryCache
from certs.acme.exchange import Exchange, Limits, tls_context
from certs.acme.nonces import NoncePool, nonce_of
from certs.acme.problem import AcmeProblem
from certs.acme.problems import protocol_problem
from certs.acme.reply import Reply
from certs.acme.signing import Signer
from certs.clock import Clock
from certs.spec import Issuer

CONNECT_TIMEOUT_S: Final = 15.0
REQUEST_TIMEOUT_S: Final = 60.0
SKEW_S: Final = 300.0
"""From here on the clocks differ too much: certificates are backdated by an hour, no more."""

_PAUSES_S: Final = (0.5, 2.0)
"""Between the three tries of what may pass."""
_MAX_WAIT_S: Final = 10.0
"""A Retry-After beyond this is for whoever plans the next attempt."""
_NONCE_TRIES: Final = 100
"""Of ten requests in a storm that refuses nine nonces of ten, 0.03 % run out of tries."""
_NONCE_TRIES_AT_ONCE: Final = 10
_NONCE_PAUSE_S: Final = 0.1
_NONCE_DEADLINE_S: Final = 120.0


class Transport:
    """One per issuer, for as long as the process lives: it keeps nonces and connections."""

    def __init__(
        self,
        *,
        issuer: Issuer,
        user_agent: str,
        clock: Clock,
        is_loopback_http_allowed: bool = False,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
        on_skew: Callable[[float], None] | None = None,
    ) -> None:
        """`on_skew` is told seconds (positive: the CA is ahead) when they pass five minutes."""
        self.issuer = issuer
        self.clock = clock
        self.skew_s: float | None = None
        self._user_agent = user_agent
        self._limits = Limits(
            connect_timeout_s=connect_timeout_s,
            request_timeout_s=request_timeout_s,
            is_loopback_http_allowed=is_loopback_http_allowed,
        )
        self._on_skew = on_skew
        self._nonces = NoncePool(clock)
        self._directory = DirectoryCache(self.get, issuer.directory, clock)
        self._exchange: Exchange | None = None

    async def __aenter__(self) -> Self:
        """Read the CA bundle. Raises AcmeProblem when it cannot be used."""
        self._exchange = Exchange(
            user_agent=self._user_agent,
            tls=await asyncio.to_thread(tls_context, self.issuer.ca_bundle),
            limits=self._limits,
            clock=self.clock,
            on_date=self._date_seen,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        if self._exchange is not None:
            await self._exchange.close()

    async def directory(self, *, is_fresh: bool = False) -> Directory:
        """The CA's directory, at most a day old; asked for now when `is_fresh`. AcmeProblem."""
        return await self._directory.get(is_fresh=is_fresh)

    async def get(self, url: str) -> Reply:
        """GET without a signature: directory, ARI. Three tries when it may pass. AcmeProblem."""
        return await self._persistently(lambda: self._open.request("GET", url))

    async def post(
        self, url: str, payload: bytes, *, signer: Signer, is_repeatable: bool = True
    ) -> Reply:
        """POST a JWS; `b""` is a POST-as-GET. Raises AcmeProblem.

        Refused nonces are replaced, and what `is_repeatable` is tried again when the failure may
        pass: it may reach the CA twice. `finalize` may then say orderNotReady although the first
        one worked: look at the order.
        """
        if not is_repeatable:
            return await self._post_with_good_nonce(url, payload, signer)
        return await self._persistently(lambda: self._post_with_good_nonce(url, payload, signer))

    @property
    def _open(self) -> Exchange:
        assert self._exchange is not None, "used outside of `async with`"
        return self._exchange

    async def _persistently(self, attempt: Callable[[], Awaitable[Reply]]) -> Reply:
        for pause_s in _PAUSES_S:
            try:
                return await attempt()
            except AcmeProblem as problem:
                wait_s = max(pause_s, problem.retry_after_s or 0.0)
                if not _may_pass(problem) or wait_s > _MAX_WAIT_S:
                    raise
                await self.clock.sleep(wait_s)
        return await attempt()

    async def _post_with_good_nonce(self, url: str, payload: bytes, signer: Signer) -> Reply:
        give_up_at = self.clock.monotonic() + _NONCE_DEADLINE_S
        nonce = self._nonces.take()
        for tries in range(1, _NONCE_TRIES + 1):
            if nonce is None:
                nonce = await self._fresh_nonce()
            try:
                reply = await self._open.request(
                    "POST", url, signer.sign(payload, url=url, nonce=nonce)
                )
            except AcmeProblem as problem:
                nonce = nonce_of(problem.headers)
                is_last = tries == _NONCE_TRIES or self.clock.monotonic() > give_up_at
                if problem.name != "badNonce" or is_last:
                    self._keep(nonce)
                    raise
                # Those that are left are older than the one refused.
                self._nonces.clear()
            else:
                self._keep(nonce_of(reply.headers))
                return reply
            if tries >= _NONCE_TRIES_AT_ONCE:
                await self.clock.sleep(_NONCE_PAUSE_S)
        raise AssertionError("the last try raises or returns")

    async def _fresh_nonce(self) -> str:
        url = (await self.directory()).new_nonce
        reply = await self._open.request("HEAD", url)
        nonce = nonce_of(reply.headers)
        if nonce is None:
            raise protocol_problem("newNonce brings no usable nonce", url=url)
        return nonce

    def _keep(self, nonce: str | None) -> None:
        if nonce is not None:
            self._nonces.put(nonce)

    def _date_seen(self, theirs: datetime, ours: datetime) -> None:
        before, now = self.skew_s or 0.0, (theirs - ours).total_seconds()
        self.skew_s = now
        if self._on_skew is not None and abs(now) > SKEW_S >= abs(before):
            self._on_skew(now)


def _may_pass(problem: AcmeProblem) -> bool:
    is_broken = problem.type in {"transport", "timeout"}
    return is_broken or (problem.status is not None and problem.status >= 500)
