"""A process of the demo: started, read line by line, and ended."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Final, Literal

_LINE_LIMIT_BYTES: Final = 1024 * 1024
_STOP_S: Final = 5.0
"""How long a process may take to end by itself; the edge's relays have 1 s of it."""


class Child:
    """One Python process that reports lines on standard output or standard error."""

    def __init__(self, process: asyncio.subprocess.Process, lines: asyncio.StreamReader) -> None:
        self._process = process
        self._lines = lines

    @classmethod
    async def start(
        cls, args: Sequence[str], *, reports_on: Literal["stdout", "stderr"]
    ) -> "Child":
        """Run `python ARGS` with this interpreter; of standard error nothing is ever lost."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            # Without the working directory on the path: an `edge` folder there is not ours.
            "-P",
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE
            if reports_on == "stdout"
            else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE if reports_on == "stderr" else None,
            limit=_LINE_LIMIT_BYTES,
            # Ctrl-C in the terminal goes to the demo alone, which ends the others in order.
            process_group=0,
        )
        lines = process.stdout if reports_on == "stdout" else process.stderr
        assert lines is not None  # a pipe was asked for
        return cls(process, lines)

    async def lines(self) -> AsyncIterator[bytes]:
        """Every line until the process closes its end; one past all bounds is passed over."""
        while True:
            try:
                line = await self._lines.readline()
            except ValueError:
                continue
            if not line:
                return
            yield line.rstrip(b"\r\n")

    async def stop(self) -> int:
        """Close its input, send SIGTERM, wait, SIGKILL if it takes too long; returns its status."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()
