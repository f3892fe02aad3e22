"""Processes that end in the middle of their work: at a chosen file operation, or by `kill -9`.

They are forks of one that has imported all this already, so that hundreds of them are cheap.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from certs.store.filestore import FileStore
from certs.store.locking import FileLock
from certs.store.versions import SupersededError, Versions
from tests.support.stored import LINEAGE, Material, install

DIED: Final = 86
"""The exit status of a process that ended at its operation."""

_OPERATIONS: Final = (
    "open", "write", "replace", "rename", "unlink", "remove", "mkdir", "rmdir", "fchmod", "fchown",
    "utime", "ftruncate", "pwrite",
)  # fmt: skip
"""Those that change what is there, of an `open` the one that creates a file: to die beside any
other is to die before the next of these."""


class Nursery(AbstractContextManager["Nursery"]):
    """The parent of such processes: it forks one for each piece of work.

    It is a process of its own, since one with threads, as that of the tests, is not to be forked.
    """

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parent.communicate(timeout=10)

    def started(self, work: Callable[..., None], *arguments: Any) -> int:
        """The number of a process at work; `work` is a function of this module."""
        return int(self._ask(("fork", work.__name__, arguments)))

    def ended(self, pid: int) -> int:
        """Its exit status, the negative number of a signal; waits for it."""
        return int(self._ask(("wait", pid)))

    def kill(self, pid: int) -> None:
        """By signal 9, and wait until it is dead."""
        os.kill(pid, signal.SIGKILL)
        assert self.ended(pid) == -signal.SIGKILL

    def dies_at(self, number: int, work: Callable[..., None], *arguments: Any) -> bool:
        """Whether a process doing `work` had as many file operations, and ended before that one.

        When it is a write, half of it is done.
        """
        status = self.ended(self.started(die_at, number, work.__name__, *arguments))
        assert status in (0, DIED)
        return status == DIED

    def _ask(self, question: object) -> Any:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        pickle.dump(question, self._parent.stdin)
        self._parent.stdin.flush()
        return pickle.load(self._parent.stdout)


def main() -> None:
    """Fork, and wait, as asked."""
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        match question:
            case ("fork", name, arguments):
                answer = os.fork()
                if answer == 0:
                    _be_child(globals()[name], arguments)
            case ("wait", pid):
                _, status = os.waitpid(pid, 0)
                answer = os.waitstatus_to_exitcode(status)
            case _:
                raise AssertionError(question)
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _be_child(work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    end = os._exit
    try:
        work(*arguments)
        end(0)
    finally:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        end(1)


def die_at(number: int, work: str, *arguments: Any) -> None:
    """Do another piece of work, up to one of its file operations."""
    count = 0

    def wrapped(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            if name == "open" and not arguments[1] & os.O_CREAT:
                return operation(*arguments, **options)
            count += 1
            if count == number:
                if name == "write":
                    operation(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os._exit(DIED)
            return operation(*arguments, **options)

        return counted

    for name in _OPERATIONS:
        setattr(os, name, wrapped(name, getattr(os, name)))
    # Whoever is killed does not lose what the kernel has.
    os.fsync = lambda _: None
    globals()[work](*arguments)


def put(root: Path, key: str, value: bytes) -> None:
    """One value."""
    FileStore(root).put(key, value)


def delete(root: Path, key: str) -> None:
    """Forget one."""
    FileStore(root).delete(key)


def renew(root: Path, made: Material) -> None:
    """Add a version, and make it current."""
    install(Versions(FileStore(root)), made)


def prune(root: Path) -> None:
    """Forget old versions."""
    Versions(FileStore(root)).prune(LINEAGE, keep=1)


def put_forever(root: Path, key: str, size: int) -> None:
    """Values of one byte, repeated: another one each time."""
    store, number = FileStore(root), 0
    while True:
        number = number % 255 + 1
        store.put(key, bytes([number]) * size)


def renew_forever(root: Path, materials: list[Material]) -> None:
    """Add them, switch to each, and clear up, over and over."""
    versions = Versions(FileStore(root))
    while True:
        for made in materials:
            install(versions, made)
            versions.prune(LINEAGE, keep=1)


def switch_by_turns(root: Path, times: int) -> None:
    """Switch from what is current to the other one of two, unless somebody was faster.

    How often it was done and how often not is the value of `switched/<pid>`.
    """
    store = FileStore(root)
    versions = Versions(store)
    done = refused = 0
    first, second = (one.id for one in versions.list(LINEAGE))
    for _ in range(times):
        current = versions.current(LINEAGE)
        assert current is not None
        try:
            other = second if current.id == first else first
            versions.switch(LINEAGE, other, expected=current.id)
            done += 1
        except SupersededError:
            refused += 1
    store.put(f"switched/{os.getpid()}", b"%d %d" % (done, refused))


def hold(root: Path, name: str) -> None:
    """Take a lock, or not, say so as the value of `held`, and never let go."""
    store = FileStore(root)
    lock = store.lock(name)
    store.put("held", b"no" if lock is None else b"yes")
    while lock is not None:
        signal.pause()


def fight(root: Path, name: str) -> None:
    """Fight for a lock; who has it says so by a value of its own, and never lets go."""
    store = FileStore(root)
    lock = store.lock(name)
    store.put(f"{'lost' if lock is None else 'won'}/{os.getpid()}", b"")
    while lock is not None:
        signal.pause()


def count_under_lock(root: Path, times: int) -> None:
    """Increase a number in the store, each time alone."""
    store = FileStore(root)
    for _ in range(times):
        lock: FileLock | None = None
        while lock is None:
            lock = store.lock("counter")
        with lock:
            store.put("counter", b"%d" % (int(store.get("counter") or b"0") + 1))


if __name__ == "__main__":
    main()
