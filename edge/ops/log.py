"""The log: one JSON object a line, to standard error, from where the journal takes it.

The master and the control process write straight to the descriptor. A worker must never wait for
a reader, so it writes into a pipe that the control process empties; what does not fit is counted
and said later.
"""

import os
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Protocol

import msgspec

from edge.ops.records import Record

_PIPE_BUF = 4096
"""A write of at most this much into a pipe is whole or does not happen (POSIX PIPE_BUF)."""

Field = str | int | float | bool | None | list[str] | list[int]


class Level(IntEnum):
    """How much an operator wants to see."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Writer(Protocol):
    """Where lines go."""

    def write(self, line: bytes) -> None:
        """Take one line, with its newline."""


class DirectWriter:
    """Writes to a descriptor and waits for it if it must. Not for a worker."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, line: bytes) -> None:
        """Take one line. A log that cannot be written must not stop the mail."""
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        except OSError:
            return


class PipeWriter:
    """Writes to a non-blocking pipe; counts what does not fit, and says so when it fits again.

    Lines of one pass of the event loop go out together: `defer` is its `call_soon`. Without one,
    or once a write's worth has come together, they go out at once.
    """

    __slots__ = ("_defer", "_dropped", "_fd", "_lines", "_room_bytes")

    def __init__(self, fd: int, defer: Callable[[Callable[[], None]], object] | None) -> None:
        self._fd = fd
        self._defer = defer or _at_once
        self._lines: list[bytes] = []
        self._room_bytes = _PIPE_BUF
        self._dropped = 0

    def write(self, line: bytes) -> None:
        """Take one line, or count it as dropped."""
        room_bytes = self._room_bytes - len(line)
        if room_bytes < 0:
            self.flush()
            room_bytes = _PIPE_BUF - len(line)
            if room_bytes < 0:
                self._dropped += 1
                return
        self._room_bytes = room_bytes
        lines = self._lines
        lines.append(line)
        if len(lines) == 1:
            self._defer(self.flush)

    def flush(self) -> None:
        """Write what has come together."""
        if not self._lines:
            return
        lines, self._lines, self._room_bytes = self._lines, [], _PIPE_BUF
        if self._dropped:
            gap = b'{"event":"log.dropped","level":"warning","lines":%d}\n' % self._dropped
            if not self._put(gap):
                self._dropped += len(lines)
                return
            self._dropped = 0
        if not self._put(b"".join(lines)):
            self._dropped += len(lines)

    def _put(self, data: bytes) -> bool:
        try:
            os.write(self._fd, data)
        except OSError:
            return False
        return True


def _at_once(flush: Callable[[], None]) -> None:
    flush()


class Log:
    """Named events with fields. A name is an interface: dashboards and tests look for it."""

    __slots__ = ("_encoder", "_level", "_process", "_writer")

    def __init__(self, writer: Writer, *, process: str, level: Level = Level.INFO) -> None:
        self._writer = writer
        self._process = process
        self._level = level
        self._encoder = msgspec.json.Encoder()

    def debug(self, event: str, **fields: Field) -> None:
        """What helps to follow one run."""
        self.say(Level.DEBUG, event, fields)

    def info(self, event: str, **fields: Field) -> None:
        """What an operator wants to know afterwards."""
        self.say(Level.INFO, event, fields)

    def warning(self, event: str, **fields: Field) -> None:
        """What an operator should look at in daylight."""
        self.say(Level.WARNING, event, fields)

    def error(self, event: str, **fields: Field) -> None:
        """What does not work now."""
        self.say(Level.ERROR, event, fields)

    def exception(self, event: str, error: BaseException) -> None:
        """A bug: with the place, for the report."""
        place = traceback.format_exception(error)
        self.say(Level.ERROR, event, {"error": "".join(place)[-3000:]})

    def say(self, level: Level, event: str, fields: Mapping[str, Field]) -> None:
        """An event whose level is data."""
        if level < self._level:
            return
        line = {
            "time": now(),
            "event": event,
            "level": level.name.lower(),
            "process": self._process,
            **fields,
        }
        self._writer.write(self._encoder.encode(line) + b"\n")


class Records:
    """The records of connections, as lines of the same log."""

    __slots__ = ("_lines_of", "_write")

    def __init__(self, writer: Writer) -> None:
        self._write = writer.write
        self._lines_of = msgspec.json.Encoder().encode_lines

    def write(self, record: Record) -> None:
        """Take one record."""
        self._write(self._lines_of((record,)))


def now() -> str:
    """This moment, as log lines write it: UTC, RFC 3339, microseconds."""
    seconds, rest_ns = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{rest_ns // 1000:06}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """The part that a thousand lines of a busy second share."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
