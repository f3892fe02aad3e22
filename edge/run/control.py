"""The control process: what is slow or may block, so that no worker ever does it."""

import asyncio
import contextlib
import functools
import importlib
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.config.tree import Backend, Listener, Mode
from edge.core.protocol import Learnt, Protocol
from edge.net.backend import Endpoint
from edge.ops.log import Log
from edge.run.build import Blueprint
from edge.run.distributing import Distributor
from edge.run.forwarding import LogForwarder
from edge.run.ipc import (
    Channel,
    Joined,
    LearntBackend,
    Ready,
    SessionsForgotten,
    Shown,
    Snapshot,
    Stopping,
)
from edge.run.probing import Sight, look, pause_s

_FIRST_ROUND_S = 2.0
"""How long the workers wait for backends that do not answer, before they start without them."""

_AFTER_BUG_S = 30.0
"""How long certificates are left alone when looking after them has failed as a whole."""


@dataclass(slots=True)
class _Known:
    endpoints: tuple[Endpoint, ...] = ()
    learnt: Learnt | None = None
    failure: str | None = None
    is_reported: bool = False


class ControlProcess:
    """One control process, from fork to exit."""

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        pid: int,
        master: Channel,
        workers: Sequence[Channel],
        forwarder: LogForwarder,
        log: Log,
        is_first: bool,
    ) -> None:
        """`is_first`: no other control process was there before it."""
        self._config = blueprint.config
        self._pid = pid
        self._master = master
        self._workers = workers
        self._forwarder = forwarder
        self._log = log
        self._blueprint = blueprint
        self._distributor = Distributor(
            workers,
            blueprint.material.snapshot.sets,
            is_first=is_first,
            on_forget=lambda: self._tell_master(SessionsForgotten()),
        )
        self._known = {name: _Known() for name in self._config.backends}
        self._unseen = set(self._config.backends)
        self._first_round = asyncio.Event()

    def run(self) -> None:
        """Work until told to stop."""
        self._forwarder.start()
        asyncio.run(self._serve())
        self._forwarder.stop(2.0)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # the master decides
        loop.add_reader(self._master.fileno(), self._on_master, stop)
        for channel in self._workers:
            loop.add_reader(channel.fileno(), self._on_worker, channel)
        async with asyncio.TaskGroup() as tasks:
            jobs = [tasks.create_task(self._keep_certificates(), name="certificates")]
            jobs += [
                tasks.create_task(self._watch(backend), name=f"watch {backend.name}")
                for backend in self._config.backends.values()
            ]
            try:
                async with asyncio.timeout(_FIRST_ROUND_S):
                    await self._first_round.wait()
            except TimeoutError:
                self._first_round.set()
            self._publish()
            self._master.send(Ready(self._pid))
            await stop.wait()
            for job in jobs:
                job.cancel()

    async def _keep_certificates(self) -> None:
        # After the fork, so that no worker carries an ACME client.
        module = await _imported("edge.run.certificates")
        while True:
            certificates = module.Certificates(self._blueprint, self._distributor, self._log)
            try:
                await certificates.run()
            except Exception as error:  # noqa: BLE001 - probes and log lines go on
                self._log.exception("control.bug", error)
            await asyncio.sleep(_AFTER_BUG_S)

    # --- backends ---

    async def _watch(self, backend: Backend) -> None:
        listeners = [item for item in self._config.listeners if item.backend == backend.name]
        is_learnt = any(map(_needs_learning, listeners))
        failures = 0
        while True:
            sight = await look(
                backend,
                is_learnt=is_learnt,
                expected=_expected(listeners),
                name=self._config.hostname,
            )
            failures = failures + 1 if sight.failure else 0
            self._take(backend, sight)
            await asyncio.sleep(pause_s(backend.probe_interval_s, failures))

    def _take(self, backend: Backend, sight: Sight) -> None:
        known = self._known[backend.name]
        before = (known.endpoints, known.learnt)
        known.endpoints = sight.endpoints or known.endpoints
        # What was learnt once stays: a backend that restarts still greets through the edge.
        known.learnt = sight.learnt or known.learnt
        # Before the log says so: who reads there that it is learnt may connect.
        if (known.endpoints, known.learnt) != before and self._first_round.is_set():
            self._publish()
        if sight.failure:
            if known.failure != sight.failure:
                self._log.warning("backend.unavailable", backend=backend.name, reason=sight.failure)
        elif sight.learnt is not None and (known.failure or sight.learnt != before[1]):
            self._log.info(
                "backend.learnt",
                backend=backend.name,
                protocol=sight.learnt.protocol.value,
                banner=sight.learnt.banner.decode("ascii", "replace"),
            )
        known.failure = sight.failure
        self._unseen.discard(backend.name)
        if not self._unseen:
            self._first_round.set()

    # --- workers ---

    def _publish(self) -> None:
        for channel in self._workers:
            self._tell(channel)

    def _tell(self, channel: Channel) -> None:
        if not channel.send(self._snapshot()):
            self._log.warning("worker.deaf", hint="its queue is full; it is told again next time")

    def _snapshot(self) -> Snapshot:
        return Snapshot([_pack(name, known) for name, known in self._known.items()])

    def _on_worker(self, channel: Channel) -> None:
        try:
            message = channel.receive()
        except EOFError:
            asyncio.get_running_loop().remove_reader(channel.fileno())
            return
        if isinstance(message, Joined):
            self._distributor.welcome(channel)
            if self._first_round.is_set():
                self._tell(channel)
        elif isinstance(message, Shown):
            self._distributor.heard(channel, message)

    def _tell_master(self, message: SessionsForgotten) -> None:
        self._master.send(message)

    def _on_master(self, stop: asyncio.Event) -> None:
        try:
            if isinstance(self._master.receive(), Stopping):
                self._distributor.is_stopping = True
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._master.fileno())
            stop.set()


async def _imported(name: str) -> Any:  # noqa: ANN401 - any module
    """Import in a thread, since it takes half a second, which an end of the process cuts short."""
    loop = asyncio.get_running_loop()
    loaded: asyncio.Future[Any] = loop.create_future()

    def load() -> None:
        try:
            module = importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - told where it is awaited
            tell = functools.partial(_settle, loaded, None, error)
        else:
            tell = functools.partial(_settle, loaded, module, None)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=load, name=f"import {name}", daemon=True).start()
    return await loaded


def _settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _needs_learning(listener: Listener) -> bool:
    return listener.mode is Mode.STARTTLS or listener.protocol is None


def _expected(listeners: Sequence[Listener]) -> Protocol | None:
    """The protocol that a listener of this backend insists on, if one does."""
    return next((item.protocol for item in listeners if item.protocol is not None), None)


def _pack(name: str, known: _Known) -> LearntBackend:
    learnt = known.learnt
    return LearntBackend(
        name=name,
        endpoints=[
            (item.family, item.address, 0, item.label)
            if isinstance(item.address, str)
            else (item.family, *item.address, item.label)
            for item in known.endpoints
        ],
        protocol=learnt.protocol.value if learnt else None,
        banner=learnt.banner if learnt else b"",
        capabilities=list(learnt.capabilities) if learnt else [],
        ehlo=learnt.ehlo if learnt else b"",
    )
