"""Deadlines of all connections of a worker: one timer, buckets of a quarter second.

A timer handle for each connection costs microseconds whenever it moves, and an idle deadline moves
with every packet. Here moving one later is an assignment to `deadline`; the bucket finds out when
it comes due. Only an earlier deadline needs `watch` again.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Protocol

_BUCKETS_PER_SECOND = 4
_FIRST_LOOK_S = 4.0


class Expiring(Protocol):
    """What a deadline can be set for."""

    deadline: float
    """Monotonic seconds. May be moved later at any time; once moved earlier, call `watch`."""
    bucket: int
    """Owned by `Deadlines`; 0 while not watched."""

    def expired(self, now: float) -> None:
        """Called once the deadline has passed; the object is no longer watched then."""


class Deadlines:
    """The timer of one worker. `now` is a coarse clock for what needs no better one."""

    __slots__ = ("_buckets", "_loop", "_next", "_soon", "_soon_at", "_soon_key", "_timer", "now")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, set[Expiring]] = {}
        self.now = time.monotonic()
        """Monotonic seconds at the last tick: at most a quarter of a second old."""
        self._next = int(self.now * _BUCKETS_PER_SECOND)
        self._look_soon()
        self._timer = loop.call_later(1 / _BUCKETS_PER_SECOND, self._tick)

    def __iter__(self) -> Iterator[Expiring]:
        return iter([item for bucket in self._buckets.values() for item in bucket])

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def watch(self, item: Expiring) -> None:
        """See that the item is looked at by its deadline. One that moved later stays put."""
        bucket = item.bucket
        if not bucket:
            # Soon at first: a set-up moves its deadline a few times both ways, and most sessions
            # are over before anybody has to look.
            if item.deadline > self._soon_at:
                item.bucket = self._soon_key
                self._soon.add(item)
            else:
                self._place(item, item.deadline)
        elif bucket > item.deadline * _BUCKETS_PER_SECOND + 1:
            self.forget(item)
            self._place(item, item.deadline)

    def forget(self, item: Expiring) -> None:
        """The item needs no deadline any more."""
        bucket = self._buckets.get(item.bucket)
        if bucket is not None:
            bucket.discard(item)
            if not bucket and bucket is not self._soon:
                del self._buckets[item.bucket]
        item.bucket = 0

    def close(self) -> None:
        """Stop the timer."""
        self._timer.cancel()

    def _look_soon(self) -> None:
        """Choose the bucket of all that are watched for the first time until the next tick."""
        self._soon_at = self.now + _FIRST_LOOK_S
        self._soon_key = int(self._soon_at * _BUCKETS_PER_SECOND) + 1
        self._soon = self._buckets.setdefault(self._soon_key, set())

    def _place(self, item: Expiring, moment: float) -> None:
        # Rounded up, and never into a bucket that this tick has passed already.
        key = max(int(moment * _BUCKETS_PER_SECOND) + 1, self._next)
        item.bucket = key
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = {item}
        else:
            bucket.add(item)

    def _tick(self) -> None:
        now = self.now = time.monotonic()
        current = int(now * _BUCKETS_PER_SECOND)
        # A clock that jumped (suspend) must not walk every bucket in between.
        due = sorted(key for key in self._buckets if key <= current)
        self._next = current + 1
        self._look_soon()
        for key in due:
            for item in self._buckets.pop(key):
                item.bucket = 0
                if item.deadline <= now:
                    item.expired(now)
                else:
                    self._place(item, item.deadline)
        self._timer = self._loop.call_later(1 / _BUCKETS_PER_SECOND, self._tick)
