"""The master: binds, forks, replaces, stops. Single-threaded and without an event loop.

Because it never starts a thread or a loop it can fork at any time, also years later, and each
child begins from the same clean state: sockets, configuration, certificates, TLS ticket keys.
"""

import contextlib
import fcntl
import gc
import os
import select
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from edge.ops.log import DirectWriter, Level, Log
from edge.run.build import Blueprint, refreshed
from edge.run.children import Slot, reap
from edge.run.control import ControlProcess
from edge.run.forwarding import LogForwarder
from edge.run.ipc import Channel, Ready, SessionsForgotten, Stopping, pair
from edge.run.worker import WorkerProcess

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_STDERR: Final = 2
_PIPE_BYTES: Final = 1 << 20
_LAST_PATIENCE_S: Final = 5.0


class Master:
    """The parent of all processes, from start to stop."""

    def __init__(self, blueprint: Blueprint) -> None:
        config = blueprint.config
        self._blueprint = blueprint
        self._level = Level[config.log_level.upper()]
        self._log = Log(DirectWriter(_STDERR), process="master", level=self._level)
        self._log_r, self._log_w = os.pipe()
        os.set_blocking(self._log_w, False)
        with contextlib.suppress(OSError):  # the user's limit for pipes may be lower
            fcntl.fcntl(self._log_w, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._wake_r, self._wake_w = os.pipe()
        os.set_blocking(self._wake_r, False)
        os.set_blocking(self._wake_w, False)
        pairs = [pair() for _ in range(config.workers)]
        self._control_ends = [left for left, _ in pairs]
        self._control = Slot(role="control", main=self._be_control)
        self._workers = [Slot(role="worker", main=self._worker_of(right)) for _, right in pairs]
        self._is_announced = False
        self._stops_asked = 0

    def run(self) -> int:
        """Serve until a signal says stop. The exit code: 0 when everything ended in order."""
        gc.collect()
        gc.freeze()  # what exists now stays shared: no child's collector writes into it
        signal.set_wakeup_fd(self._wake_w, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, _note)
        now = time.monotonic()
        for slot in self._slots:
            slot.due_at = now
        while not self._stops_asked:
            self._fill_slots()
            self._wait(self._seconds_to_next())
        return self._stop()

    @property
    def _slots(self) -> list[Slot]:
        return [self._control, *self._workers]

    # --- children ---

    def _fill_slots(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if slot.due_at is not None and slot.due_at <= now:
                self._fork(slot)

    def _fork(self, slot: Slot) -> None:
        if slot.predecessor is not None:
            self._refresh()
        ours, theirs = pair()
        # A signal between fork and the child's own handlers would be taken for the master's.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            ours.close()  # open here, it would hide the end of the master
            self._become(slot, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        theirs.close()
        slot.pid, slot.channel = pid, ours
        slot.born_at = time.monotonic()
        slot.due_at = None

    def _refresh(self) -> None:
        """A successor begins with what is stored now, not with what was when the edge started."""
        try:
            self._blueprint = refreshed(self._blueprint, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - old certificates are better than no successor
            self._log.exception("master.refresh_failed", error)

    def _become(self, slot: Slot, channel: Channel) -> None:
        """In the child: never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            # With the master's ends open here, a child would never see that the master died.
            for other in self._slots:
                if other.channel is not None:
                    other.channel.close()
            slot.main(channel)
            code = 0
        except BaseException as error:  # noqa: BLE001 - the last handler of a process
            self._log.exception(f"{slot.role}.failed", error)
        finally:
            os._exit(code)

    def _worker_of(self, control: Channel) -> Callable[[Channel], None]:
        def main(master: Channel) -> None:
            os.close(self._log_r)
            for sock in self._blueprint.http_sockets:
                sock.close()
            WorkerProcess(
                self._blueprint,
                pid=os.getpid(),
                master=master,
                control=control,
                log_fd=self._log_w,
            ).run()

        return main

    def _be_control(self, master: Channel) -> None:
        for listener in self._blueprint.listeners:
            for sock in listener.sockets:
                sock.close()
        ControlProcess(
            self._blueprint,
            pid=os.getpid(),
            master=master,
            workers=self._control_ends,
            forwarder=LogForwarder(self._log_r, _STDERR),
            log=Log(DirectWriter(_STDERR), process="control", level=self._level),
            is_first=self._control.predecessor is None,
        ).run()

    # --- waiting ---

    def _seconds_to_next(self) -> float | None:
        due = [slot.due_at for slot in self._slots if slot.due_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _wait(self, timeout_s: float | None) -> None:
        """Sleep until a signal, a word of a child, or the timeout."""
        poller = select.poll()
        poller.register(self._wake_r, select.POLLIN)
        talking = {s.channel.fileno(): s for s in self._slots if s.channel is not None}
        for fd in talking:
            poller.register(fd, select.POLLIN)
        for fd, _ in poller.poll(None if timeout_s is None else int(timeout_s * 1000) + 1):
            if fd == self._wake_r:
                self._on_signals(os.read(self._wake_r, 256))
            elif fd in talking:
                self._on_word(talking[fd])

    def _on_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number in {signal.SIGTERM, signal.SIGINT}:
                self._stops_asked += 1
            elif number == signal.SIGHUP:
                self._log.warning(
                    "edge.reload_refused", hint="restart the edge to apply a new configuration"
                )
        for pid, how in reap():
            self._on_gone(pid, how)

    def _on_gone(self, pid: int, how: str) -> None:
        for slot in self._slots:
            if slot.pid == pid:
                slot.is_gone(time.monotonic())
                if not self._stops_asked:
                    self._log.error(f"{slot.role}.died", pid=pid, how=how)

    def _on_word(self, slot: Slot) -> None:
        channel = slot.channel
        if channel is None:
            return
        try:
            message = channel.receive()
        except EOFError:
            channel.close()  # it is ending; SIGCHLD tells the rest
            slot.channel = None
            return
        if isinstance(message, Ready):
            slot.is_ready = True
            if slot.predecessor is not None:
                self._log.info(f"{slot.role}.replaced", pid=slot.predecessor, by=message.pid)
                slot.predecessor = None
        elif isinstance(message, SessionsForgotten):
            for listener in self._blueprint.listeners:
                listener.contexts.forget_sessions()
        if not self._is_announced and all(slot.is_ready for slot in self._slots):
            self._is_announced = True
            self._announce()

    def _announce(self) -> None:
        config = self._blueprint.config
        self._log.info(
            "edge.ready",
            hostname=config.hostname,
            workers=[slot.pid for slot in self._workers if slot.pid],
            control=self._control.pid,
            listeners=[f"{x.name} {a}" for x in config.listeners for a in x.bind],
        )

    # --- the end ---

    def _stop(self) -> int:
        """Workers first, so that the control process still carries their last lines."""
        self._log.info("edge.stopping")
        if self._control.channel is not None:
            self._control.channel.send(Stopping())
        grace_s = self._blueprint.config.stop_grace_s
        is_orderly = self._end(self._workers, grace_s + _LAST_PATIENCE_S)
        is_orderly &= self._end([self._control], _LAST_PATIENCE_S)
        self._log.info("edge.stopped")
        return 0 if is_orderly else 1

    def _end(self, slots: list[Slot], patience_s: float) -> bool:
        self._signal(slots, signal.SIGTERM)
        ends_at = time.monotonic() + patience_s
        while any(slot.pid for slot in slots):
            if self._stops_asked > 1:
                self._hurry(slots)
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                self._signal(slots, signal.SIGKILL)
                self._wait(1.0)
                return False
            self._wait(left_s)
        return True

    def _hurry(self, slots: list[Slot]) -> None:
        """End the children at once: they take the end of their channel for the master's.

        A second SIGTERM would not do: the kernel makes one of two that come close together.
        """
        for slot in slots:
            if slot.channel is not None:
                slot.channel.close()
                slot.channel = None

    def _signal(self, slots: list[Slot], number: signal.Signals) -> None:
        for slot in slots:
            if slot.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(slot.pid, number)


def _note(number: int, frame: object) -> None:
    """Python needs a handler for the wake-up descriptor to be written to."""
