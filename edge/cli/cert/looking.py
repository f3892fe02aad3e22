"""A store that is only looked at: what a command shows must leave nothing behind.

Run by root, it would leave files that the edge's own user cannot replace.
"""

from types import TracebackType
from typing import Self

import certs


class LookingStore:
    """Reads another store; what is written is forgotten, and nothing is locked."""

    def __init__(self, store: certs.Store) -> None:
        self._store = store

    def get(self, key: str) -> bytes | None:
        """As the other has it."""
        return self._store.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Nothing."""

    def delete(self, key: str) -> None:
        """Nothing."""

    def list(self, prefix: str) -> list[str]:
        """As the other has it."""
        return self._store.list(prefix)

    def lock(self, name: str) -> "NoLock":
        """Nothing to keep others from."""
        return NoLock()

    def watch(self, prefix: str) -> str:
        """As the other has it."""
        return self._store.watch(prefix)

    def probe(self, size_bytes: int) -> None:
        """Nothing."""

    @property
    def ephemeral_reason(self) -> str | None:
        """As the other has it."""
        return self._store.ephemeral_reason


class NoLock:
    """Keeps nobody out."""

    def release(self) -> None:
        """Nothing."""

    def is_held(self) -> bool:
        """Always."""
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing."""
