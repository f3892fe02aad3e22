"""A lock between processes: one has it, it dies with its owner, and a lost one is noticed."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from certs.store.filestore import FileStore
from certs.store.protocol import Lock, StoreError
from tests.support import dying
from tests.support.dying import Nursery


def eventually(what: Callable[[], bool]) -> None:
    """Other processes tell through files only: look until it is so."""
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def taken(store: FileStore, name: str = "job") -> Lock:
    lock = store.lock(name)
    assert lock is not None
    return lock


def file_of(store: FileStore, name: str = "job") -> Path:
    return store.root / ".locks" / name


def test_it_dies_with_its_owner(nursery: Nursery, files: FileStore) -> None:
    owner = nursery.started(dying.hold, files.root, "job")
    eventually(lambda: files.get("held") is not None)
    assert files.get("held") == b"yes"
    assert files.lock("job") is None
    assert file_of(files).read_text().split()[0] == str(owner)
    nursery.kill(owner)
    assert taken(files).is_held()


def test_another_process_does_not_get_ours(nursery: Nursery, files: FileStore) -> None:
    with taken(files) as ours:
        other = nursery.started(dying.hold, files.root, "job")
        assert nursery.ended(other) == 0
        assert files.get("held") == b"no"
        assert ours.is_held()


def test_of_many_processes_one_gets_it(nursery: Nursery, files: FileStore) -> None:
    fighters = [nursery.started(dying.fight, files.root, "job") for _ in range(6)]
    eventually(lambda: len(files.list("won") + files.list("lost")) == len(fighters))
    (won,) = files.list("won")
    winner = int(won.split("/")[1])
    for fighter in fighters:
        if fighter != winner:
            assert nursery.ended(fighter) == 0
    nursery.kill(winner)


def test_what_is_done_under_it_is_done_alone(nursery: Nursery, files: FileStore) -> None:
    workers = [nursery.started(dying.count_under_lock, files.root, 30) for _ in range(2)]
    assert [nursery.ended(worker) for worker in workers] == [0, 0]
    assert files.get("counter") == b"60"


def test_its_file_is_removed(files: FileStore) -> None:
    first = taken(files)
    file_of(files).unlink()
    assert not first.is_held()
    second = taken(files)
    assert second.is_held()
    assert not first.is_held()
    first.release()
    assert second.is_held()
    assert files.lock("job") is None


def test_its_file_is_replaced(files: FileStore) -> None:
    first = taken(files)
    other = file_of(files).with_name("other")
    other.touch()
    other.replace(file_of(files))
    assert not first.is_held()
    assert taken(files).is_held()


def test_its_folder_is_moved_away(files: FileStore) -> None:
    first = taken(files)
    file_of(files).parent.rename(files.root / ".old")
    assert not first.is_held()
    assert taken(files).is_held()


def test_its_file_is_removed_between_opening_and_locking(
    files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment at which two could hold "the" lock on two files."""
    opened, left = os.open, [3]

    def open_and_lose(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(path, flags, mode)
        if flags & os.O_CREAT and left[0]:
            left[0] -= 1
            Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    lock = taken(files)
    assert left == [0]
    assert lock.is_held()
    assert files.lock("job") is None


def test_a_link_is_no_lock(files: FileStore, tmp_path: Path) -> None:
    taken(files).release()
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    file_of(files).unlink()
    file_of(files).symlink_to(victim)
    with pytest.raises(StoreError, match="cannot be locked"):
        files.lock("job")
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("umask", [0, 0o777])
def test_whoever_may_use_the_store_may_lock(files: FileStore, umask: int) -> None:
    before = os.umask(umask)
    try:
        taken(files).release()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file_of(files).stat().st_mode) == 0o600
    assert taken(files).is_held()
