"""Files that are there whole or not at all, for nobody else, and still there after a power cut.

The only place of the package that writes files. A file is written under a temporary name in its own
folder, synced, renamed over the old one, and the folder synced: whoever reads sees the old content
or the new one, whenever the writer is killed.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700

_TEMPORARY_SUFFIX: Final = ".new"
_STALE_AFTER_S: Final = 3600
"""No write takes this long: what is older was left by a writer that was killed."""


def write_secret(path: Path, content: bytes) -> None:
    """Replace a file by one rename, mode 0600, durable when this returns. Raises OSError."""
    temporary = temporary_beside(path)
    try:
        write_new(temporary, content)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    # Without this the rename itself may be lost with the power.
    sync_directory(path.parent)


def temporary_beside(path: Path) -> Path:
    """A name that nobody uses, in the same folder: `remove_leftovers` knows it."""
    return path.with_name(f".{secrets.token_hex(8)}{_TEMPORARY_SUFFIX}")


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, mode 0600, and sync its content. Raises OSError."""
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE
    )
    try:
        # A umask may have taken even the owner's bits. Some filesystems have no modes at all.
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, FILE_MODE)
        give_to_owner(descriptor, path.parent)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        # The kernel's own times may have ticks of 4 ms: two changes within one must differ.
        now_ns = time.time_ns()
        os.utime(descriptor, ns=(now_ns, now_ns))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, durably when this returns; no error when there is none. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    sync_directory(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files, here and below, of writers that were killed long ago.

    Tidiness only: what cannot be removed stays.
    """
    oldest = time.time() - _STALE_AFTER_S
    # Not by `Path.rglob`: it stumbles over folders that are removed meanwhile.
    for place, _, names in os.walk(folder):
        for name in names:
            if not (name.startswith(".") and name.endswith(_TEMPORARY_SUFFIX)):
                continue
            path = Path(place, name)
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < oldest:
                    path.unlink()


def make_private_directory(path: Path) -> None:
    """Create a directory and its missing parents, all of them 0700, durably.

    Raises OSError: FileNotFoundError when another process removes one of them meanwhile.
    """
    if path.is_dir():
        return
    make_private_directory(path.parent)
    try:
        path.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        if path.is_dir():
            return  # another process was faster
        if not os.path.lexists(path):  # and a third one has removed it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
    with contextlib.suppress(PermissionError):
        path.chmod(FOLDER_MODE)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        give_to_owner(descriptor, path.parent)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """Let what root has just made in another user's folder be that user's. Raises OSError.

    A command that an operator runs as root must not leave a key that the service cannot read.
    """
    if os.geteuid() != 0:
        return
    owner, made = folder.stat(), os.fstat(descriptor)
    # Nothing else is given away, whatever somebody managed to link here.
    is_only_here = stat.S_ISDIR(made.st_mode) or made.st_nlink == 1
    if owner.st_uid != 0 and made.st_uid == 0 and is_only_here:
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, which dies with its owner. What was true before may not be now."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make durable which files a directory holds. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network filesystems cannot, and need not.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
