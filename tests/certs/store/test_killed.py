"""Whenever a process dies, what it found is whole, and so is what it left."""

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certs.store.filestore import FileStore
from certs.store.unit import Pointer
from certs.store.versions import Versions
from tests.support import dying
from tests.support.dying import Nursery
from tests.support.stored import DAY, LINEAGE, install, material

MOST_OPERATIONS = 500


@pytest.fixture(autouse=True)
def is_synced_lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed does not lose what the kernel has: no test needs to wait for a disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def every_death(
    nursery: Nursery,
    template: Path,
    work: Callable[..., None],
    *arguments: Any,
    check: Callable[[FileStore], None],
) -> None:
    """Let `work` die at each of its operations in a copy of `template`; look at what it left."""
    for number in range(1, MOST_OPERATIONS):
        root = template.with_name(f"{template.name}-{number}")
        if template.exists():
            shutil.copytree(template, root)
        has_died = nursery.dies_at(number, work, root, *arguments)
        check(FileStore(root))
        # The next one gets it done, whatever was left.
        work(root, *arguments)
        check(FileStore(root))
        if not has_died:
            assert number > 2
            return
    pytest.fail("it never ended")


def test_a_put(nursery: Nursery, tmp_path: Path) -> None:
    FileStore(tmp_path / "s").put("a/b", b"old")

    def check(store: FileStore) -> None:
        assert store.get("a/b") in (b"old", b"new" * 50)
        assert store.list("") == ["a/b"]

    every_death(nursery, tmp_path / "s", dying.put, "a/b", b"new" * 50, check=check)


def test_the_first_put(nursery: Nursery, tmp_path: Path) -> None:
    def check(store: FileStore) -> None:
        assert store.get("a/b/c") in (None, b"new")
        assert store.list("") in ([], ["a/b/c"])

    every_death(nursery, tmp_path / "s", dying.put, "a/b/c", b"new", check=check)


def test_a_delete(nursery: Nursery, tmp_path: Path) -> None:
    FileStore(tmp_path / "s").put("a/b/c", b"old")

    def check(store: FileStore) -> None:
        assert store.get("a/b/c") in (None, b"old")
        store.put("a/b/d", b"neighbour")
        assert store.get("a/b/d") == b"neighbour"
        store.delete("a/b/d")

    every_death(nursery, tmp_path / "s", dying.delete, "a/b/c", check=check)


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "renewal"])
def test_a_renewal(nursery: Nursery, tmp_path: Path, is_first: bool) -> None:
    root = tmp_path / "s"
    before = Versions(FileStore(root))
    before.keep_next_key(LINEAGE, b"the next key")
    old = None if is_first else install(before, material(age=60 * DAY))
    new = material()

    def check(store: FileStore) -> None:
        versions = Versions(store)
        assert versions.current(LINEAGE) in (old, versions.get(LINEAGE, new.meta.id))
        assert versions.problems == ()
        assert versions.next_key(LINEAGE) == b"the next key"
        if old is not None:
            assert versions.get(LINEAGE, old.id) == old
        assert {one.id for one in versions.list(LINEAGE)} <= {new.meta.id, old.id if old else ""}

    every_death(nursery, root, dying.renew, new, check=check)


def test_clearing_up(nursery: Nursery, tmp_path: Path) -> None:
    root = tmp_path / "s"
    before = Versions(FileStore(root))
    names = [install(before, material(age=age * DAY)).id for age in (50, 40, 30, 20)]
    _, _, previous, current = names

    def check(store: FileStore) -> None:
        versions = Versions(store)
        now = versions.current(LINEAGE)
        then = versions.previous(LINEAGE)
        assert now is not None
        assert then is not None
        assert (now.id, then.id) == (current, previous)
        assert versions.problems == ()

    every_death(nursery, root, dying.prune, check=check)
    done = Versions(FileStore(root))
    done.prune(LINEAGE, keep=1)
    assert [one.id for one in done.list(LINEAGE)] == [current, previous]


def test_half_of_a_version_is_cleared_up(files: FileStore) -> None:
    versions = Versions(files)
    old = install(versions, material(age=60 * DAY))
    half = f"certificates/{LINEAGE.key}/{material(age=70 * DAY).meta.id}/key.pem"
    young = f"certificates/{LINEAGE.key}/{material().meta.id}/key.pem"
    files.put(half, b"left by a crash")
    files.put(young, b"of somebody at work")
    assert versions.list(LINEAGE) == [old]
    versions.prune(LINEAGE)
    assert files.get(half) is None
    assert files.get(young) is not None


def test_kill_9_of_who_puts(nursery: Nursery, tmp_path: Path) -> None:
    moments = random.Random(1)
    store = FileStore(tmp_path / "s")
    size = 100_000
    store.put("a/b", b"\1" * size)
    for _ in range(10):
        writer = nursery.started(dying.put_forever, store.root, "a/b", size)
        deadline = time.monotonic() + 0.03 + moments.random() * 0.05
        while time.monotonic() < deadline:
            value = store.get("a/b")
            assert value is not None
            assert value == value[:1] * size
        nursery.kill(writer)
        value = store.get("a/b")
        assert value is not None
        assert value == value[:1] * size
        assert store.list("") == ["a/b"]


def test_kill_9_of_who_renews(nursery: Nursery, tmp_path: Path) -> None:
    moments = random.Random(2)
    versions = Versions(FileStore(tmp_path / "s"))
    materials = [material(age=age * DAY) for age in (40, 30, 20, 10)]
    install(versions, materials[0])
    seen = set()

    def counter() -> int:
        pointer = FileStore(tmp_path / "s").get(f"certificates/{LINEAGE.key}/current")
        assert pointer is not None
        return msgspec.json.decode(pointer, type=Pointer).counter

    for _ in range(12):
        writer = nursery.started(dying.renew_forever, tmp_path / "s", materials)
        # However slow the machine is: it has begun, and it is somewhere in the middle.
        until = counter() + moments.randrange(1, 6)
        deadline = time.monotonic() + 20
        while counter() < until:
            assert time.monotonic() < deadline
        time.sleep(moments.random() * 0.02)
        nursery.kill(writer)
        current = versions.current(LINEAGE)
        assert current is not None
        assert versions.problems == ()
        # Nobody is in the way of who comes next.
        versions.switch(LINEAGE, current.id, expected=current.id)
        seen.add(current.id)
    assert len(seen) > 1


def test_what_killed_writers_left_is_cleared_up_later(files: FileStore) -> None:
    files.put("a/b", b"1")
    left = files.root / "a" / ".0123456789abcdef.new"
    fresh = files.root / ".fedcba9876543210.new"
    foreign = files.root / "a" / "mine.new"
    for path in (left, fresh, foreign):
        path.write_bytes(b"half")
    long_ago = time.time() - 7200
    for path in (left, foreign):
        os.utime(path, (long_ago, long_ago))
    files.probe(1)
    assert not left.exists()
    assert fresh.exists()
    assert foreign.exists()
