"""Readiness of sockets: one epoll set of our own, inside the event loop.

`loop.add_reader` of uvloop makes a handle for each descriptor and asks the kernel ten times where
once is enough: 12 calls of epoll_ctl a session were counted, and 6 of getpid. Here a descriptor
enters the set once and leaves it by being closed. The set itself is one descriptor to the loop,
which keeps timers, signals and everything else.
"""

import asyncio
import contextlib
import select
from collections.abc import Callable

_BATCH = 256
_READ = select.EPOLLIN
_WRITE = select.EPOLLOUT
# An error or a hang-up wakes whoever waits: its next call on the socket says what happened.
_WAKES_READER = ~select.EPOLLOUT
_WAKES_WRITER = ~select.EPOLLIN

Callback = Callable[[], None]


class Poller:
    """Who is told when a descriptor can be read or written. Level-triggered."""

    __slots__ = ("_epoll", "_loop", "_on_bug", "_readers", "_writers")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_bug: Callable[[BaseException], None]
    ) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, Callback] = {}
        self._writers: dict[int, Callback] = {}
        self._loop = loop
        self._on_bug = on_bug
        loop.add_reader(self._epoll.fileno(), self._on_ready)

    def add_reader(self, fd: int, callback: Callback) -> None:
        """Call back whenever `fd` can be read. Replaces an earlier callback."""
        readers = self._readers
        if fd not in readers:
            if fd in self._writers:
                self._epoll.modify(fd, _READ | _WRITE)
            else:
                self._epoll.register(fd, _READ)
        readers[fd] = callback

    def add_writer(self, fd: int, callback: Callback) -> None:
        """Call back whenever `fd` can be written. Replaces an earlier callback."""
        writers = self._writers
        if fd not in writers:
            if fd in self._readers:
                self._epoll.modify(fd, _READ | _WRITE)
            else:
                self._epoll.register(fd, _WRITE)
        writers[fd] = callback

    def remove_reader(self, fd: int) -> None:
        """No longer call back for reading."""
        if self._readers.pop(fd, None) is not None:
            self._narrow(fd, _WRITE if fd in self._writers else 0)

    def remove_writer(self, fd: int) -> None:
        """No longer call back for writing."""
        if self._writers.pop(fd, None) is not None:
            self._narrow(fd, _READ if fd in self._readers else 0)

    def forget(self, fd: int) -> None:
        """`fd` is about to be closed, which takes it out of the kernel's set."""
        self._readers.pop(fd, None)
        self._writers.pop(fd, None)

    def close(self) -> None:
        """Stop."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _narrow(self, fd: int, events: int) -> None:
        if events:
            self._epoll.modify(fd, events)
        else:
            # With an empty mask the kernel would still report a hang-up, again and again.
            self._epoll.unregister(fd)

    def _on_ready(self) -> None:
        readers = self._readers
        writers = self._writers
        for fd, events in self._epoll.poll(0, _BATCH):
            # A descriptor that was closed and given out again within this batch gets an event too
            # many; its owner finds nothing to read, which is no error.
            try:
                if events == _READ:  # nearly always
                    if (callback := readers.get(fd)) is not None:
                        callback()
                    continue
                if events & _WAKES_READER and (callback := readers.get(fd)) is not None:
                    callback()
                if events & _WAKES_WRITER and (callback := writers.get(fd)) is not None:
                    callback()
            except Exception as error:  # noqa: BLE001 - a bug ends one connection, not the worker
                self._drop(fd, error)

    def _drop(self, fd: int, error: Exception) -> None:
        """Stop listening to a descriptor whose owner failed; its deadline ends the rest."""
        self._on_bug(error)
        if fd in self._readers or fd in self._writers:
            self.forget(fd)
            with contextlib.suppress(OSError):
                self._epoll.unregister(fd)
