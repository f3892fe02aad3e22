"""A list that grows in one thread while others wait for an item of it: no polling, no sleeps."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT_TIMEOUT_S = 15.0


class Journal(Generic[T]):
    """Append-only. Items keep their place, so a position is a mark to search from."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._items: list[T] = []
        self._is_complete = False
        self._changed = threading.Condition()

    def add(self, item: T) -> None:
        """Append, and wake whoever waits."""
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def complete(self) -> None:
        """Nothing more will come: waiting fails at once instead of at its timeout."""
        with self._changed:
            self._is_complete = True
            self._changed.notify_all()

    def items(self, since: int = 0) -> list[T]:
        """What is there now, from the mark `since`."""
        with self._changed:
            return self._items[since:]

    def mark(self) -> int:
        """The position of the next item."""
        with self._changed:
            return len(self._items)

    def wait_for(
        self,
        wanted: Callable[[T], bool],
        what: str,
        *,
        since: int = 0,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> T:
        """The first item from `since` that is `wanted`; AssertionError with the journal if none."""
        deadline = time.monotonic() + timeout_s
        position = since
        with self._changed:
            while True:
                while position < len(self._items):
                    item = self._items[position]
                    position += 1
                    if wanted(item):
                        return item
                remaining_s = deadline - time.monotonic()
                if self._is_complete or remaining_s <= 0:
                    why = "it ended" if self._is_complete else f"{timeout_s} s passed"
                    tail = "\n".join(f"    {item}" for item in self._items[since:][-40:])
                    raise AssertionError(f"{self._name}: no {what}; {why}. It has:\n{tail}")
                self._changed.wait(remaining_s)
