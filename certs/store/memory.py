"""A store that forgets: for dry runs and tests."""

import hashlib
import threading
from types import TracebackType
from typing import Self

from certs.store.keys import check_key, check_prefix
from certs.store.protocol import StoreError


class MemoryStore:
    """Values in memory, for one process; any thread may use it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._values: dict[str, tuple[int, bytes]] = {}
        self._changes = 0
        self._locks: dict[str, MemoryLock] = {}

    def get(self, key: str) -> bytes | None:
        """The value."""
        check_key(key)
        with self._guard:
            found = self._values.get(key)
        return None if found is None else found[1]

    def put(self, key: str, value: bytes) -> None:
        """Replace the value. Raises StoreError when the key excludes another one."""
        check_key(key)
        with self._guard:
            for other in self._values:
                if other.startswith(f"{key}/") or key.startswith(f"{other}/"):
                    raise StoreError(
                        f"cannot be stored beside {other}",
                        place=key,
                        remedy="Take another name.",
                    )
            self._changes += 1
            self._values[key] = (self._changes, bytes(value))

    def delete(self, key: str) -> None:
        """Forget the value."""
        check_key(key)
        with self._guard:
            self._values.pop(key, None)

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""
        check_prefix(prefix)
        start = f"{prefix}/" if prefix else ""
        with self._guard:
            return sorted(key for key in self._values if key.startswith(start))

    def lock(self, name: str) -> "MemoryLock | None":
        """Try to take a lock: None while somebody in this process has it."""
        check_key(name)
        with self._guard:
            if name in self._locks:
                return None
            return self._locks.setdefault(name, MemoryLock(self, name))

    def watch(self, prefix: str) -> str:
        """A mark of the moments at which `prefix` and what is below were last written."""
        check_prefix(prefix)
        mark = hashlib.sha256()
        start = f"{prefix}/" if prefix else ""
        with self._guard:
            for key, (change, _) in sorted(self._values.items()):
                if key == prefix or key.startswith(start):
                    mark.update(f"{key} {change}\n".encode())
        return mark.hexdigest()

    def probe(self, size_bytes: int) -> None:
        """There is room."""

    @property
    def ephemeral_reason(self) -> str | None:
        """It always is."""
        return "it is kept in memory only"

    def owner_of(self, name: str) -> "MemoryLock | None":
        """Who has a lock."""
        with self._guard:
            return self._locks.get(name)

    def forget_lock(self, name: str) -> None:
        """Let others have a lock."""
        with self._guard:
            self._locks.pop(name, None)


class MemoryLock:
    """A lock of a `MemoryStore`."""

    def __init__(self, store: MemoryStore, name: str) -> None:
        self._store = store
        self._name = name

    def release(self) -> None:
        """Let others have it."""
        if self.is_held():
            self._store.forget_lock(self._name)

    def is_held(self) -> bool:
        """Whether it is still ours."""
        return self._store.owner_of(self._name) is self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
