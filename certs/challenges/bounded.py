"""A bound in time and number for the connections of any asyncio server.

aiohttp has no deadline for a request's head: a client that sends a byte a minute would stay.
"""

import asyncio


class Connections:
    """Counts what is open, up to a maximum."""

    def __init__(self, maximum: int) -> None:
        self._left = maximum

    def enter(self) -> bool:
        """Take a place; False when there is none."""
        if not self._left:
            return False
        self._left -= 1
        return True

    def leave(self) -> None:
        """Give it back."""
        self._left += 1


class Bounded(asyncio.Protocol):
    """Stands between a transport and the protocol that serves it, and aborts it at its deadline."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        connections: Connections,
        *,
        loop: asyncio.AbstractEventLoop,
        deadline_s: float,
    ) -> None:
        self._inner = inner
        self._connections = connections
        self._loop = loop
        self._deadline_s = deadline_s
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve it, or close it at once when there are too many."""
        assert isinstance(transport, asyncio.Transport)
        if not self._connections.enter():
            transport.abort()
            return
        self._deadline = self._loop.call_later(self._deadline_s, transport.abort)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is kept of it."""
        if self._deadline is None:
            return
        self._deadline.cancel()
        self._connections.leave()
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass it on, unless the connection was refused."""
        if self._deadline is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._inner.eof_received() if self._deadline is not None else None

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()
