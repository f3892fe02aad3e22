"""A program of the operator's own changes the zone: `PROGRAM [ARGS] present|cleanup FQDN VALUE`.

The name comes with a final dot, as hooks written for lego expect it. No shell is between; the
program sees a minimal environment, no input, and ends, with all that it started, at the deadline.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Literal

from certs.challenges.solver import PathError
from certs.challenges.words import os_words, printable

DEADLINE_S: Final = 120.0
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MAX_OUTPUT_BYTES: Final = 4096
_GRACE_S: Final = 1.0
_CHUNK_BYTES: Final = 65_536
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,253}")


class ExecProvider:
    """Runs the hook, one process a call."""

    def __init__(
        self,
        *,
        program: Path,
        args: tuple[str, ...] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`program` is absolute; `args` come before the verb.

        `environment` is all it gets besides PATH and LANG.
        """
        self._program = program
        self._args = args
        self._environment = {"PATH": _PATH, "LANG": "C.UTF-8", **environment}
        self._deadline_s = deadline_s

    async def present(self, fqdn: str, value: str) -> None:
        """Run it with `present`."""
        await self._run("present", fqdn, value)

    async def clean_up(self, fqdn: str, value: str) -> None:
        """Run it with `cleanup`."""
        await self._run("cleanup", fqdn, value)

    async def _run(self, verb: Literal["present", "cleanup"], fqdn: str, value: str) -> None:
        if not _NAME.fullmatch(fqdn):
            # It may be the target of somebody's CNAME, and the hook may be a careless script.
            raise PathError(
                f"the hook is not run for the name {printable(fqdn)}",
                remedy="Let the CNAME point to a name of letters, digits, `-`, `_` and dots.",
            )
        output = bytearray()
        async with _pipe() as (reader, write_end):
            process = await self._start(write_end, verb, fqdn, value)
            try:
                async with asyncio.timeout(self._deadline_s):
                    status = await _finish(process, reader, output)
            except TimeoutError:
                raise PathError(
                    f"the hook {self._program} {verb} did not end in {self._deadline_s:g} s"
                    f"{_said(output)}",
                    remedy="Make it faster, or let it end by itself with an error.",
                ) from None
            finally:
                await _end(process)
        if status != 0:
            how = f"ended with status {status}" if status > 0 else f"was killed by signal {-status}"
            raise PathError(
                f"the hook {self._program} {verb} {how}{_said(output)}",
                remedy=f"Run it by hand with: {verb} {fqdn} VALUE",
            )

    async def _start(self, write_end: BinaryIO, *arguments: str) -> Process:
        """Start it, and leave the write end to it alone."""
        with write_end:
            try:
                return await asyncio.create_subprocess_exec(
                    self._program,
                    *arguments,
                    stdin=DEVNULL,
                    stdout=write_end,
                    stderr=STDOUT,
                    cwd="/",
                    env=self._environment,
                    start_new_session=True,  # so that it can be ended with its children
                )
            except OSError as error:
                raise PathError(
                    f"the hook {self._program} cannot be started: {os_words(error)}",
                    remedy="It must be a program that the user of the service may execute.",
                ) from error


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, BinaryIO]]:
    """A pipe of our own: asyncio's `wait` would not return while a child holds one of its."""
    read_end, write_end = os.pipe()
    with open(read_end, "rb", 0) as source, open(write_end, "wb", 0) as sink:  # noqa: PTH123, ASYNC230 - descriptors
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), source
        )
        try:
            yield reader, sink
        finally:
            transport.close()


async def _finish(process: Process, reader: asyncio.StreamReader, output: bytearray) -> int:
    """Wait for the program, reading what it says; its exit status, negative for a signal."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_read(reader, output))
        status = await process.wait()
        # A child left in the background may hold the pipe open for ever.
        await asyncio.wait([reading], timeout=_GRACE_S)
        reading.cancel()
    return status


async def _read(reader: asyncio.StreamReader, output: bytearray) -> None:
    """Keep the beginning, and read on so that the program is never held up."""
    while chunk := await reader.read(_CHUNK_BYTES):
        output += chunk[: _MAX_OUTPUT_BYTES - len(output)]


async def _end(process: Process) -> None:
    """Kill what is left of the program and of what it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:
        return  # it has become another user (sudo): not ours to end, so not to be waited for
    await process.wait()


def _said(output: bytearray) -> str:
    text = printable(bytes(output))
    return f", saying: {text}" if text else ""
