"""A disk without room: nothing is broken, it is said in words, and all goes on once there is."""

import errno
from pathlib import Path

import pytest

from certs.store.filestore import FileStore
from certs.store.protocol import StoreError
from certs.store.serving import load_current
from certs.store.versions import Versions
from tests.support.stored import DAY, LINEAGE, NOW, SPEC, add, install, material


def fill(disk: Path) -> Path:
    """Leave no room at all."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - anything else is a surprise
                size //= 2
    return ballast


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_put(small_disk: Path) -> None:
    store = FileStore(small_disk / "certs")
    store.put("a/b", b"old")
    ballast, before = fill(small_disk), files_in(small_disk)
    for key in ("a/b", "a/c", "new/folder/x"):
        with pytest.raises(StoreError, match="cannot be written: no space left") as caught:
            store.put(key, b"new" * 10_000)
        assert caught.value.place.endswith(key)
        assert caught.value.remedy.startswith("Free some space")
    assert store.get("a/b") == b"old"
    assert store.list("") == ["a/b"]
    # No half of a file takes the room that is left.
    assert files_in(small_disk) == before
    ballast.unlink()
    store.put("a/b", b"new" * 10_000)
    assert store.get("a/b") == b"new" * 10_000


def test_a_value_that_fits_in_part(small_disk: Path) -> None:
    store = FileStore(small_disk / "certs")
    store.put("a/b", b"old")
    before = files_in(small_disk)
    with pytest.raises(StoreError, match="no space left"):
        store.put("a/b", bytes(300_000))
    assert store.get("a/b") == b"old"
    assert files_in(small_disk) == before
    store.put("a/b", bytes(100_000))


def test_a_probe_tells_before(small_disk: Path) -> None:
    store = FileStore(small_disk / "certs")
    store.probe(100_000)
    with pytest.raises(StoreError, match="300000 bytes cannot be written: no space left"):
        store.probe(300_000)
    store.probe(100_000)
    assert files_in(small_disk) == set()


def test_a_renewal(small_disk: Path) -> None:
    store = FileStore(small_disk / "certs")
    versions = Versions(store)
    old = install(versions, material(age=60 * DAY))
    new = material()
    ballast = fill(small_disk)
    with pytest.raises(StoreError, match="no space left"):
        add(versions, new)
    assert versions.current(LINEAGE) == old
    assert versions.list(LINEAGE) == [old]
    assert versions.problems == ()
    ballast.unlink()
    version = add(versions, new)
    ballast = fill(small_disk)
    with pytest.raises(StoreError, match="no space left"):
        versions.switch(LINEAGE, version.id)
    assert versions.current(LINEAGE) == old
    # What takes up room can be removed all the same.
    versions.remove(LINEAGE, version.id)
    assert versions.list(LINEAGE) == [old]
    ballast.unlink()
    assert install(versions, new, expected=old.id).id == new.meta.id
    assert versions.current(LINEAGE) == versions.get(LINEAGE, new.meta.id)


def test_the_first_start(small_disk: Path) -> None:
    ballast = fill(small_disk)
    store = FileStore(small_disk / "certs")
    loaded = load_current(store, [SPEC], NOW)
    assert loaded.bootstrap == {SPEC.name}
    (problem,) = loaded.problems
    assert "no space left" in problem.message
    assert not problem.fatal
    ballast.unlink()
    loaded = load_current(store, [SPEC], NOW)
    assert loaded.problems == ()
    assert load_current(store, [SPEC], NOW) == loaded
