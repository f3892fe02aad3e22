"""Runs the demo: starts the stand-in and the edge, shows what happens, ends both."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, assert_never

from edge.demo.authority import CertificateFiles, issue
from edge.demo.child import Child
from edge.demo.commands import commands
from edge.demo.edge_toml import edge_toml
from edge.demo.events import (
    Ended,
    Event,
    Interrupted,
    Overdue,
    Ready,
    Said,
    Visited,
    VisitsDone,
)
from edge.demo.journal import Journal, Opened, Received
from edge.demo.places import NoPortError, Place, find_places
from edge.demo.reports import edge_event, standin_event
from edge.demo.view import Start, View
from edge.demo.visits import Visit, visits_to
from edge.ops.records import Closed, Established

_READY_S: Final = 30.0
_HEADER_GRACE_S: Final = 0.5
"""Between a closing record and its header, which came before it but through another pipe."""
_RECORD_GRACE_S: Final = 5.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXAMPLE: Final = "imap"
"""The one listener that the demo visits by itself, so that the display is seen to live."""

Who = Literal["edge", "stand-in"]


async def run_demo(view: View, *, is_once: bool) -> int:
    """Run until a signal, or `is_once` until each listener was visited; returns the exit status.

    Nothing of it is left behind: no process, no file.
    """
    try:
        places = find_places()
    except NoPortError as error:
        view.said(str(error))
        return 1
    with tempfile.TemporaryDirectory(prefix="stalwart-edge-demo-") as folder:
        return await _Demo(view, places, Path(folder)).run(is_once=is_once)


class _Demo:
    """One run. Pipes, signals and visits put events into one queue; one loop takes them out."""

    def __init__(self, view: View, places: Sequence[Place], folder: Path) -> None:
        self._view = view
        self._places = places
        self._folder = folder
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._journal = Journal()
        self._children: list[Child] = []
        self._opened: list[Opened] = []
        self._closed = 0
        self._problems = 0
        self._is_interrupted = False

    async def run(self, *, is_once: bool) -> int:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._events.put_nowait, Interrupted())
        async with asyncio.TaskGroup() as tasks:
            try:
                status = await self._serve(tasks, is_once=is_once)
            finally:
                # The edge first: its clients get a proper end from a backend that still answers.
                for child in reversed(self._children):
                    await child.stop()
        while not self._events.empty():
            self._handle(self._events.get_nowait())
        for connection_id in self._journal.waiting():
            self._display(self._journal.on_overdue(connection_id))
        # A person who ends the demo has not met an error.
        return 0 if self._is_interrupted and not is_once else status

    async def _serve(self, tasks: asyncio.TaskGroup, *, is_once: bool) -> int:
        files = issue(self._folder)
        if not await self._start_processes(tasks, files):
            return 1
        self._view.start(
            Start(
                places=self._places,
                commands=commands(self._places, files.ca),
                config=self._config,
                ca=files.ca,
            )
        )
        chosen = [each for each in self._places if is_once or each.service.name == _EXAMPLE]
        visits = [visit for place in chosen for visit in visits_to(place, files.ca)]
        visiting = tasks.create_task(self._visit(visits))
        try:
            if is_once:
                return await self._finish(len(visits))
            await self._until(Interrupted)
            return 1
        finally:
            visiting.cancel()

    @property
    def _config(self) -> Path:
        return self._folder / "edge.toml"

    async def _start_processes(self, tasks: asyncio.TaskGroup, files: CertificateFiles) -> bool:
        spots = [
            f"{place.service.name}={place.service.protocol}={place.backend}"
            for place in self._places
        ]
        standin = await Child.start(["-m", "edge.demo.standin", *spots], reports_on="stdout")
        if not await self._is_ready(tasks, standin, "stand-in", standin_event):
            return False
        state_dir = self._folder / "state"
        state_dir.mkdir(mode=0o700)
        self._config.write_text(edge_toml(self._places, files, state_dir))
        edge = await Child.start(
            ["-m", "edge", "run", "--config", str(self._config)], reports_on="stderr"
        )
        return await self._is_ready(tasks, edge, "edge", edge_event)

    async def _is_ready(
        self,
        tasks: asyncio.TaskGroup,
        child: Child,
        who: Who,
        parse: Callable[[bytes], Event | None],
    ) -> bool:
        self._children.append(child)
        tasks.create_task(self._pump(child, who, parse))
        try:
            async with asyncio.timeout(_READY_S):
                return isinstance(await self._until(Ready), Ready)
        except TimeoutError:
            self._handle(Said(text=f"the {who} was not ready in {_READY_S:.0f} s"))
            return False

    async def _pump(self, child: Child, who: Who, parse: Callable[[bytes], Event | None]) -> None:
        async for line in child.lines():
            event = parse(line)
            if event is not None:
                self._events.put_nowait(event)
        self._events.put_nowait(Ended(who=who))

    async def _visit(self, visits: Sequence[Visit]) -> None:
        for visit in visits:
            problem = await asyncio.to_thread(visit.run)
            self._events.put_nowait(
                Visited(listener=visit.listener, is_tls=visit.is_tls, problem=problem)
            )
        self._events.put_nowait(VisitsDone())

    async def _finish(self, visits: int) -> int:
        """Wait for the visits and their records; every one must have brought its header."""
        if not isinstance(await self._until(VisitsDone), VisitsDone):
            return 1
        try:
            async with asyncio.timeout(_RECORD_GRACE_S):
                while self._closed < visits:
                    if not isinstance(await self._until(Closed, Overdue), Closed | Overdue):
                        return 1
        except TimeoutError:
            pass
        told = [each for each in self._opened if each.received is not None and _is_honest(each)]
        worked = min(len(told), visits - self._problems)
        self._view.finished(worked, visits)
        return 0 if worked == visits else 1

    async def _until(self, *kinds: type[Event]) -> Event:
        """Handle events up to one of these kinds, the end of a process, or an interruption."""
        while True:
            event = await self._events.get()
            self._handle(event)
            if isinstance(event, Ended):
                self._view.said(f"the {event.who} ended by itself")
            if isinstance(event, (*kinds, Ended, Interrupted)):
                return event

    def _handle(self, event: Event) -> None:
        match event:
            case Established():
                self._display(self._journal.on_established(event))
            case Received():
                self._display(self._journal.on_header(event))
            case Closed():
                shown = self._journal.on_closed(event)
                self._display(shown)
                if not shown:
                    asyncio.get_running_loop().call_later(
                        _HEADER_GRACE_S, self._events.put_nowait, Overdue(id=event.id)
                    )
            case Overdue():
                self._display(self._journal.on_overdue(event.id))
            case Visited():
                self._problems += event.problem is not None
                self._view.visited(event)
            case Said():
                self._view.said(event.text)
            case Interrupted():
                if not self._is_interrupted:
                    self._view.ending()
                self._is_interrupted = True
            case Ready() | VisitsDone() | Ended():
                pass
            case _:
                assert_never(event)

    def _display(self, shown: Sequence[Opened | Closed]) -> None:
        for each in shown:
            if isinstance(each, Opened):
                self._opened.append(each)
                self._view.opened(each)
            else:
                self._closed += 1
                self._view.closed(each)


def _is_honest(opened: Opened) -> bool:
    """Whether the header has an SSL TLV exactly when the client came with TLS."""
    has_ssl = opened.received is not None and opened.received.header.ssl is not None
    return has_ssl == (opened.established is not None)
