"""A worker process: the data path. It never blocks, reads no file and asks no name server."""

import asyncio
import gc
import signal
import time
from collections.abc import Callable
from functools import partial

import uvloop

from edge.core.protocol import Learnt, Protocol
from edge.net.backend import Endpoint
from edge.net.connection import Connection
from edge.ops.log import Level, Log, PipeWriter, Records
from edge.outcome import Outcome
from edge.run.build import Blueprint, DataPath, build_data_path
from edge.run.ipc import Channel, Joined, Picture, Ready, Shown, Snapshot
from edge.run.picture import unpack
from edge.run.showing import Showing

_FIRST_SNAPSHOT_S = 10.0
"""How long a new worker waits for the control process before it accepts without having learnt."""


class WorkerProcess:
    """One worker, from fork to exit."""

    def __init__(
        self, blueprint: Blueprint, *, pid: int, master: Channel, control: Channel, log_fd: int
    ) -> None:
        self._blueprint = blueprint
        self._pid = pid
        self._master = master
        self._control = control
        self._log_fd = log_fd
        self._is_open = False
        self._has_snapshot = False

    def run(self) -> None:
        """Serve until told to stop."""
        # Connections break their own cycles (a test holds us to it): with tens of thousands of
        # them the collector would cost more than all the work there is.
        gc.disable()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        level = Level[self._blueprint.config.log_level.upper()]
        writer = PipeWriter(self._log_fd, loop.call_soon)
        self._log = Log(writer, process="worker", level=level)
        loop.set_exception_handler(self._on_loop_error)
        path = build_data_path(self._blueprint, loop, Records(writer), self._on_bug)
        stop = asyncio.Event()
        hurry = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, _once_then(stop.set, hurry.set))
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # the master decides
        loop.add_reader(self._master.fileno(), self._on_master, stop, hurry)
        loop.add_reader(self._control.fileno(), self._on_control, path)
        self._showing = Showing(
            worker=path.worker,
            services=path.services,
            hostname=self._blueprint.config.hostname,
            shown=partial(self._on_shown, path),
            on_bug=self._on_bug,
        )
        self._control.send(Joined(self._pid))
        fallback = loop.call_later(_FIRST_SNAPSHOT_S, self._open, path)
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(self._showing.run(), name="certificates")
            await stop.wait()
            fallback.cancel()
            await self._drain(path, hurry)
            showing.cancel()
        path.worker.deadlines.close()
        path.worker.poller.close()
        writer.flush()

    def _open_if_ready(self, path: DataPath) -> None:
        # What it was forked with may be months old: the control process sends what is newer first.
        if self._has_snapshot and not self._showing.is_behind:
            self._open(path)

    def _open(self, path: DataPath) -> None:
        if self._is_open:
            return
        self._is_open = True
        for acceptor in path.acceptors:
            acceptor.open()
        self._master.send(Ready(self._pid))

    async def _drain(self, path: DataPath, hurry: asyncio.Event) -> None:
        """Stop accepting, say goodbye where the edge still speaks, let sessions finish."""
        for acceptor in path.acceptors:
            acceptor.close()
        for connection in _connections(path):
            connection.shut_down()
        ends_at = time.monotonic() + self._blueprint.config.stop_grace_s
        while _connections(path) and not hurry.is_set() and time.monotonic() < ends_at:
            try:
                await asyncio.wait_for(hurry.wait(), 0.05)
            except TimeoutError:
                continue
        for connection in _connections(path):
            connection.abort(Outcome.SHUTDOWN)

    def _on_master(self, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        try:
            self._master.receive()
        except EOFError:
            # The master is gone: nobody would replace or stop this process any more.
            asyncio.get_running_loop().remove_reader(self._master.fileno())
            hurry.set()
            stop.set()

    def _on_control(self, path: DataPath) -> None:
        try:
            message = self._control.receive()
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            return
        if isinstance(message, Snapshot):
            adopt(message, path)
            self._has_snapshot = True
            self._open_if_ready(path)
        elif isinstance(message, Picture):
            self._on_picture(message.generation)

    def _on_picture(self, generation: int) -> None:
        try:
            fd = self._control.take_fd()
        except LookupError:
            self._report_shown(0)  # out of descriptors: the kernel dropped this one
        else:
            self._showing.show(generation, unpack(fd))

    def _on_shown(self, path: DataPath, generation: int) -> None:
        self._report_shown(generation)
        self._open_if_ready(path)

    def _report_shown(self, generation: int) -> None:
        # A full queue: the control process is stuck, and its successor asks all workers anew.
        self._control.send(Shown(self._pid, generation))

    def _on_bug(self, error: BaseException) -> None:
        self._log.exception("worker.bug", error)

    def _on_loop_error(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self._on_bug(error)
        else:
            self._log.error("worker.bug", error=str(context.get("message"))[:500])


def adopt(snapshot: Snapshot, path: DataPath) -> None:
    """Use what the control process has learnt and resolved."""
    for item in snapshot.backends:
        backend = path.backends.get(item.name)
        if backend is None:
            continue
        if item.endpoints:
            backend.endpoints = tuple(
                Endpoint(family=family, address=(host, port) if port else host, label=label)
                for family, host, port, label in item.endpoints
            )
        if item.protocol is not None:
            backend.learnt = Learnt(
                protocol=Protocol(item.protocol),
                banner=item.banner,
                capabilities=tuple(item.capabilities),
                ehlo=item.ehlo,
            )


def _connections(path: DataPath) -> list[Connection]:
    return [item for item in path.worker.deadlines if isinstance(item, Connection)]


def _once_then(first: Callable[[], None], later: Callable[[], None]) -> Callable[[], None]:
    calls = iter([first])
    return lambda: next(calls, later)()
