"""In which order a file reaches the disk: what a power cut may not undo, nor do by half."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certs.store.filestore import FileStore
from certs.store.protocol import StoreError


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is done, in words."""
    told: list[str] = []
    names: dict[int, str] = {}

    def tell(name: str, words: Callable[..., str]) -> None:
        real = getattr(os, name)

        def wrapped(*arguments: object, **options: object) -> object:
            told.append(words(*arguments))
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, wrapped)

    def opened(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = real_open(path, flags, mode)
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        names[descriptor] = Path(path).name if is_folder else "the file"
        return descriptor

    real_open = os.open
    monkeypatch.setattr(os, "open", opened)
    tell("write", lambda descriptor, _: f"write {names[descriptor]}")
    tell("fsync", lambda descriptor: f"sync {names[descriptor]}")
    tell("replace", lambda _, path: f"rename to {Path(path).name}")
    tell("mkdir", lambda path, *_: f"make {Path(path).name}")
    tell("unlink", lambda path: f"remove {Path(path).name}")
    return told


def test_a_file_then_its_name(files: FileStore, story: list[str]) -> None:
    files.put("a/b", b"1")
    story.clear()
    files.put("a/b", b"2")
    assert story == ["write the file", "sync the file", "rename to b", "sync a"]


def test_new_folders_last_as_well(files: FileStore, story: list[str]) -> None:
    files.root.mkdir(parents=True)
    story.clear()
    files.put("a/b/c", b"1")
    assert story == [
        *("make a", "sync certs"),
        *("make b", "sync a"),
        *("write the file", "sync the file", "rename to c", "sync b"),
    ]


def test_what_is_forgotten_stays_forgotten(files: FileStore, story: list[str]) -> None:
    files.put("a/b", b"1")
    files.put("a/c", b"1")
    story.clear()
    files.delete("a/b")
    assert story == ["remove b", "sync a"]


@pytest.mark.parametrize("name", ["write", "fsync", "replace", "utime", "open"])
def test_a_disk_that_fails_leaves_the_old_value(
    files: FileStore, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    files.put("a/b", b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, name, fail)
        with pytest.raises(StoreError, match="input/output error") as caught:
            files.put("a/b", b"new")
    assert "disk" in caught.value.remedy
    assert files.get("a/b") == b"old"
    assert [path.name for path in (files.root / "a").iterdir()] == ["b"]
