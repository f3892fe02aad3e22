"""The contract of a store: small enough that a shared one for several edges can follow.

Keys are paths of one or more segments of `[A-Za-z0-9._+@:-]`, joined by `/`, none of them with a
leading dot or longer than 230 characters (`certs.store.keys.segment` makes one of a name); other
keys raise ValueError. No key is the folder of another: `a` and `a/b` exclude each other. Values are
bytes. All calls are synchronous and may take as long as a disk takes: an event loop calls them
through a thread where that matters.
"""

from types import TracebackType
from typing import Protocol, Self


class StoreError(Exception):
    """The store cannot do it. `place` and `remedy` are words for an operator."""

    def __init__(self, message: str, *, place: str, remedy: str) -> None:
        super().__init__(f"{place}: {message}")
        self.message = message
        self.place = place
        self.remedy = remedy


class Lock(Protocol):
    """Held from `Store.lock` until `release`; dies with its owner, however that ends."""

    def release(self) -> None:
        """Let others have it. Harmless when called again."""

    def is_held(self) -> bool:
        """Whether it is still ours: False once released, or taken away behind our back.

        Asked before what must not be done twice, however long the work before it took.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Store(Protocol):
    """Values under keys. What every store must pass: tests/certs/store/test_conformance.py."""

    def get(self, key: str) -> bytes | None:
        """The value, whole, as one `put` left it; None when there is none. Raises StoreError."""

    def put(self, key: str, value: bytes) -> None:
        """Replace the value: atomic, and durable when this returns. Raises StoreError."""

    def delete(self, key: str) -> None:
        """Forget the value, durably; no error when there is none. Raises StoreError."""

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix` (a whole segment: `a/b` has `a/b/c`, not `a/bc`), sorted.

        The empty prefix: all keys. Raises StoreError.
        """

    def lock(self, name: str) -> Lock | None:
        """Try to take a lock: None at once while another owner, here or elsewhere, has it.

        What was true before may not be true now: look again after taking one. `name` is formed
        like a key, and has nothing to do with the value under that key. Raises StoreError.
        """

    def watch(self, prefix: str) -> str:
        """A mark that differs whenever `prefix` or anything below has changed since another mark.

        Cheap: it is asked for every few seconds. Raises StoreError.
        """

    def probe(self, size_bytes: int) -> None:
        """Prove that `size_bytes` can be written and read back now. Raises StoreError."""

    @property
    def ephemeral_reason(self) -> str | None:
        """Why what is stored here may be gone after a reboot, in words; None: nothing says so."""
