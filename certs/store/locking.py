"""Locks in files: the kernel takes them from whoever dies, so none is ever stale."""

import contextlib
import fcntl
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from certs.store.durable import FILE_MODE, give_to_owner

_TRIES: Final = 10


class FileLock:
    """A lock held on an open file. Its file stays when it is released, and means nothing then."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def try_take(cls, path: Path) -> Self | None:
        """Take the lock or return None: another owner has it. Raises OSError.

        Between opening the file and locking it, somebody may have removed or replaced it: then two
        could hold "the" lock on two files. So what was locked is compared with what is there.
        """
        for _ in range(_TRIES):
            descriptor = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE
            )
            lock = cls(path, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            if lock.is_held():
                lock._sign(path.parent)
                return lock
            lock.release()
        return None

    def is_held(self) -> bool:
        """Whether the file that is locked is still the one that others would lock."""
        if self._descriptor is None:
            return False
        try:
            there = self._path.stat(follow_symlinks=False)
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def release(self) -> None:
        """Let others have it, even while a child forked meanwhile has the file open."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _sign(self, folder: Path) -> None:
        """Say who holds it, for people who look; nothing depends on that."""
        assert self._descriptor is not None
        if os.fstat(self._descriptor).st_nlink != 1:
            return  # somebody has linked a file of another purpose here
        owner = f"{os.getpid()} {socket.gethostname()}\n".encode()
        with contextlib.suppress(OSError):
            # A umask may have taken even the owner's bits: the next one must be able to open it.
            os.fchmod(self._descriptor, FILE_MODE)
        with contextlib.suppress(OSError):
            give_to_owner(self._descriptor, folder)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, owner, 0)
