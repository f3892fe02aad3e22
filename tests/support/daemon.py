"""A server program in the foreground: its output is a journal, its end is by SIGTERM and pid."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.support.journal import Journal

STOP_TIMEOUT_S = 15.0


class Daemon:
    """Started by its constructor; `lines` receives what it writes to stdout and stderr."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        is_interactive: bool = False,
    ) -> None:
        self.name = name
        self.lines: Journal[str] = Journal(name)
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE if is_interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name=f"{name} output", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_for_line(self, part: str, *, since: int = 0, timeout_s: float = 15.0) -> str:
        """The first line from the mark `since` that contains `part`."""
        return self.lines.wait_for(
            lambda line: part in line, f"line with {part!r}", since=since, timeout_s=timeout_s
        )

    def type(self, line: bytes) -> None:
        """Write to the standard input of an interactive program, in one piece."""
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """The exit status, once its output has been read to the end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        status = self._process.wait(timeout_s)
        self._reader.join(timeout_s)
        return status

    def stop(self) -> int:
        """SIGTERM, and SIGKILL only when that does not end it; the exit status."""
        if self.is_running:
            self._process.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.wait()
            raise

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self.lines.add(line.decode("utf-8", "backslashreplace").rstrip("\n"))
        self.lines.complete()
