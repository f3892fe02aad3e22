"""Requests to one CA: signed, retried, bounded, and over https only."""

from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from certs.acme.directory import Directory
from certs.acme.reply import Reply
from certs.acme.signing import Signer
from certs.clock import Clock
from certs.spec import Issuer

CONNECT_TIMEOUT_S: Final = 15.0
REQUEST_TIMEOUT_S: Final = 60.0


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
        self.skew_s: float | None = None

    async def __aenter__(self) -> Self:
        """Read the CA bundle. Raises AcmeProblem when it cannot be used."""
        raise NotImplementedError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""

    async def directory(self, *, is_fresh: bool = False) -> Directory:
        """The CA's directory, at most a day old; asked for now when `is_fresh`. AcmeProblem."""
        raise NotImplementedError

    async def get(self, url: str) -> Reply:
        """GET without a signature: directory, ARI. Three tries when it may pass. AcmeProblem."""
        raise NotImplementedError

    async def post(self, url: str, payload: bytes, *, signer: Signer) -> Reply:
        """POST a JWS; `b""` is a POST-as-GET. Raises AcmeProblem.

        Refused nonces are replaced, passing failures are tried again: a request may reach the CA
        twice. `finalize` may then say orderNotReady although the first one worked: look at the
        order.
        """
        raise NotImplementedError
