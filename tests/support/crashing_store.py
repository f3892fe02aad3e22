"""A store that is cut off at a chosen moment, as its process would be by `kill -9`."""

from collections.abc import Callable

from certs.store.memory import MemoryStore


class Killed(BaseException):
    """Nothing of the process runs after this."""


class CrashingStore(MemoryStore):
    """Counts changes; the one with the chosen number is the last that anybody gets done.

    `is_done` tells whether that last change itself is still on the disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0
        self.crash_at: int | None = None
        self.is_done = True
        self.log: list[str] = []
        """`put key` and `delete key`, as they happened."""

    def put(self, key: str, value: bytes) -> None:
        self._change(f"put {key}", lambda: super(CrashingStore, self).put(key, value))

    def delete(self, key: str) -> None:
        self._change(f"delete {key}", lambda: super(CrashingStore, self).delete(key))

    def revive(self) -> None:
        """The process starts again: no crash any more, and its locks are gone."""
        self.crash_at = None
        for lock in list(self._locks.values()):
            lock.release()

    def _change(self, words: str, change: Callable[[], None]) -> None:
        is_last = self.changes == self.crash_at
        if self.crash_at is not None and self.changes > self.crash_at:
            raise Killed
        self.changes += 1
        if not is_last or self.is_done:
            change()
            self.log.append(words)
        if is_last:
            raise Killed
