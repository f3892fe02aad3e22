"""Keys are for the service alone, whatever the umask, whoever wrote them, whatever was there."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certs.store.filestore import FileStore
from certs.store.versions import Versions
from tests.support.stored import LINEAGE, install, material
from tests.support.tools import unavailable

SOMEBODY = (12345, 12346)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def everything(root: Path) -> list[Path]:
    return [root, *root.rglob("*")]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def use(store: FileStore) -> None:
    """All that makes files."""
    install(Versions(store), material())
    store.put("a/b/c", b"1")
    store.put("a/b/c", b"2")
    store.delete("a/b/c")
    store.probe(10)


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_private_whatever_the_umask(files: FileStore, mask: int) -> None:
    with umask(mask):
        use(files)
    assert len(everything(files.root)) > 6
    for path in everything(files.root):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert mode(files.root.parent) == 0o700
    assert files.tighten() == ()


def test_never_readable_by_others_for_a_moment(
    files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = os.write

    def looking(descriptor: int, content: bytes) -> int:
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600
        return written(descriptor, content)

    monkeypatch.setattr(os, "write", looking)
    with umask(0):
        files.put("a/b", b"secret")


def test_looser_ones_are_mended_and_said(files: FileStore, tmp_path: Path) -> None:
    use(files)
    outside = tmp_path / "outside"
    outside.touch(mode=0o644)
    outside.chmod(0o644)
    (files.root / "link").symlink_to(outside)
    (folder,) = (files.root / "certificates").iterdir()
    files.root.chmod(0o755)
    folder.chmod(0o750)
    (folder / "current").chmod(0o640)
    (problem,) = files.tighten()
    assert problem.place == str(files.root)
    assert problem.message.startswith("certs and 2 more below could be read")
    assert not problem.fatal
    assert problem.remedy
    for path in everything(files.root):
        if not path.is_symlink():
            assert not mode(path) & 0o077
    assert mode(outside) == 0o644
    assert files.tighten() == ()
    assert Versions(files).current(LINEAGE) is not None


def test_what_cannot_be_mended_is_said_and_served(
    files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(files)
    files.root.chmod(0o755)
    # As on volumes that have one mode for everything: some refuse, some say yes.
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    (problem,) = files.tighten()
    assert "that cannot be changed" in problem.message
    assert not problem.fatal

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refused)
    assert files.tighten() == (problem,)
    monkeypatch.setattr(os, "fchmod", refused)
    files.put("a/b/c", b"1")
    assert files.get("a/b/c") == b"1"
    assert files.lock("a") is not None


def test_nothing_there_is_no_problem(files: FileStore) -> None:
    assert files.tighten() == ()
    assert not files.root.exists()


def test_what_root_writes_belongs_to_the_service(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        unavailable("only root can write in another user's folder")
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, *SOMEBODY)
    store = FileStore(state / "certs")
    use(store)
    for path in everything(store.root):
        found = path.lstat()
        assert (found.st_uid, found.st_gid) == SOMEBODY, path
    # A file that is replaced stays its user's.
    install(Versions(store), material())
    assert {path.lstat().st_uid for path in everything(store.root)} == {SOMEBODY[0]}


def test_nothing_else_is_given_away(tmp_path: Path) -> None:
    """The user of the service may not have root give it a file of others by a link."""
    if os.geteuid() != 0:
        unavailable("only root can write in another user's folder")
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, *SOMEBODY)
    precious = tmp_path / "precious"
    precious.write_bytes(b"of root")
    store = FileStore(state)
    store.put("a/b", b"1")
    (state / "a" / "c").symlink_to(precious)
    store.put("a/c", b"2")
    (state / ".locks").mkdir(exist_ok=True)
    (state / ".locks" / "job").hardlink_to(precious)
    store.lock("job")
    assert precious.stat().st_uid == 0
    assert precious.read_bytes() == b"of root"
    assert not (state / "a" / "c").is_symlink()
