"""The backend of a measurement, a process of its own: skips the PROXY header, then echoes.

`python -m tests.bench.backend PORT MODE`; MODE `smtp` greets, and answers every line with 250.
"""

import asyncio
import sys
from typing import cast

import uvloop

GREETING = b"220 bench.example.org ESMTP\r\n"
CHUNK = b"x" * 65536


class Conversation(asyncio.Protocol):
    """`E…` is echoed, `S<n>\\n` is answered by n bytes, `D…` is dropped until it ends in Z."""

    def __init__(self, *, is_smtp: bool) -> None:
        self._is_smtp = is_smtp
        self._head: bytes | None = b""
        self._kind = b""
        self._left = 0
        self._is_paused = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._head is not None:
            self._head += data
            size = 16 + int.from_bytes(self._head[14:16], "big")
            if len(self._head) < 16 or len(self._head) < size:
                return
            data, self._head = self._head[size:], None
            if self._is_smtp:
                self._transport.write(GREETING)
        if not data:
            return
        if self._is_smtp:
            self._transport.write(b"250 ok\r\n" * data.count(b"\n"))
            return
        self._kind = self._kind or data[:1]
        if self._kind == b"E":
            self._transport.write(data)
        elif self._kind == b"S":
            self._left = int(data[1:])
            self.resume_writing()
        elif data.endswith(b"Z"):
            self._transport.write(b"Z")

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        assert self._transport is not None
        while self._left > 0 and not self._is_paused:
            part = CHUNK[: self._left]
            self._left -= len(part)
            self._transport.write(part)


async def main(port: int, mode: str) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Conversation(is_smtp=mode == "smtp"), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2]))
