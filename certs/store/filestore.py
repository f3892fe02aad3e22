"""The store that is a folder on a disk: a key is a path below it, a value is a file's content."""

import contextlib
import errno
import hashlib
import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certs.errors import CertProblem
from certs.store import durable, ephemeral
from certs.store.keys import check_key, check_prefix, is_segment, segment
from certs.store.locking import FileLock
from certs.store.permissions import tighten
from certs.store.protocol import StoreError

_LOCKS: Final = ".locks"
_PUT_TRIES: Final = 20
_NO_VALUE: Final = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class FileStore:
    """Values in the files below `root`, which is created with the first of them.

    Any number of processes may share one, any thread may use it. Names with a leading dot are the
    store's own: locks, and files that are being written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> bytes | None:
        """The value, whole."""
        path = self._path(key)
        try:
            return path.read_bytes()
        except _NO_VALUE:
            return None
        except OSError as error:
            raise _trouble("cannot be read", path, error) from error

    def put(self, key: str, value: bytes) -> None:
        """Replace the value: atomic, and durable when this returns."""
        path = self._path(key)
        try:
            for _ in range(_PUT_TRIES):
                # Another process may find the folder empty, and remove it, before we fill it.
                with contextlib.suppress(FileNotFoundError):
                    durable.make_private_directory(path.parent)
                    durable.write_secret(path, value)
                    return
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        except OSError as error:
            raise _trouble("cannot be written", path, error) from error

    def delete(self, key: str) -> None:
        """Forget the value, durably, and the folders that are empty then."""
        path = self._path(key)
        try:
            with contextlib.suppress(*_NO_VALUE):
                durable.remove(path)
        except OSError as error:
            raise _trouble("cannot be removed", path, error) from error
        self._remove_empty(path.parent)

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""
        check_prefix(prefix)
        return sorted(key for key, _ in self._walk(prefix))

    def lock(self, name: str) -> FileLock | None:
        """Try to take a lock: None at once while another owner, here or elsewhere, has it."""
        folder = self.root / _LOCKS
        path = folder / segment(check_key(name).replace("/", "%"))
        try:
            durable.make_private_directory(folder)
            return FileLock.try_take(path)
        except OSError as error:
            raise _trouble("cannot be locked", path, error) from error

    def watch(self, prefix: str) -> str:
        """A mark of the files' identities: every write makes a new file with a time of its own."""
        check_prefix(prefix)
        mark = hashlib.sha256()
        if prefix:
            with contextlib.suppress(OSError):
                mark.update(_identity(prefix, (self.root / prefix).stat()))
        for key, found in sorted(self._walk(prefix), key=lambda entry: entry[0]):
            mark.update(_identity(key, found))
        return mark.hexdigest()

    def probe(self, size_bytes: int) -> None:
        """Write, sync and read back `size_bytes`; clear what killed writers left long ago."""
        durable.remove_leftovers(self.root)
        path = durable.temporary_beside(self.root / "probe")
        # Random: a filesystem that compresses must not get off lightly.
        content = random.randbytes(size_bytes)  # noqa: S311 - no secret
        try:
            durable.make_private_directory(self.root)
            try:
                durable.write_new(path, content)
                read = path.read_bytes()
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _trouble(f"{size_bytes} bytes cannot be written", self.root, error) from error
        if read != content:
            raise StoreError(
                "what is written is not what is read back",
                place=str(self.root),
                remedy="Check the disk: its data cannot be relied on.",
            )

    def tighten(self) -> tuple[CertProblem, ...]:
        """Take from other users what they could read or write; say what it was. Never raises."""
        return tighten(self.root)

    @property
    def ephemeral_reason(self) -> str | None:
        """Why what is stored here may be gone after a reboot, in words."""
        return ephemeral.ephemeral_reason(self.root)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _walk(self, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        """All keys below a prefix, with what is known of their files."""
        folder = self.root / prefix
        try:
            with os.scandir(folder) as entries:
                found = [entry for entry in entries if is_segment(entry.name)]
        except _NO_VALUE:
            return
        except OSError as error:
            raise _trouble("cannot be read", folder, error) from error
        for entry in found:
            key = f"{prefix}/{entry.name}" if prefix else entry.name
            try:
                is_folder, status = entry.is_dir(), entry.stat()
            except FileNotFoundError:
                continue  # removed since, or a link to nowhere
            except OSError as error:
                raise _trouble("cannot be read", folder / entry.name, error) from error
            if is_folder:
                yield from self._walk(key)
            elif stat.S_ISREG(status.st_mode):
                yield key, status

    def _remove_empty(self, folder: Path) -> None:
        """Remove folders upwards while they are empty: the root stays. Tidiness only."""
        with contextlib.suppress(OSError):
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent


def _identity(key: str, found: os.stat_result) -> bytes:
    return f"{key} {found.st_ino} {found.st_mtime_ns} {found.st_size}\n".encode()


def _trouble(message: str, place: Path, error: OSError) -> StoreError:
    reason = (error.strerror or type(error).__name__).lower()
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            remedy = "Free some space, or give the store a larger disk."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            remedy = "Let the user of the service write to the store and all that is in it."
        case errno.ENOTDIR | errno.EISDIR:
            remedy = "Move away what stands in the way: a file where a folder belongs, or reverse."
        case _:
            remedy = "Check the disk, and the messages of the kernel about it."
    return StoreError(f"{message}: {reason}", place=str(place), remedy=remedy)
