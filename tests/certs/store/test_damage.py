"""Files that somebody, or a disk, has damaged: the version before is served, and it is said."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.store.filestore import FileStore
from certs.store.memory import MemoryStore
from certs.store.protocol import Store, StoreError
from certs.store.serving import load_current
from certs.store.unit import Version
from certs.store.versions import Versions
from tests.support.stored import DAY, LINEAGE, NOW, SPEC, add, install, material

FOLDER = f"certificates/{LINEAGE.key}"
POINTER = f"{FOLDER}/current"
OLDER, OLD, NEW = material(age=60 * DAY), material(age=30 * DAY), material()

DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "gone": lambda _: None,
    "empty": lambda _: b"",
    "zeros": lambda content: bytes(len(content)),
    "half": lambda content: content[: len(content) // 2],
    "cut": lambda content: content[: -len(content) // 3],
    "random": lambda content: random.Random(1).randbytes(len(content)),
    "another's": lambda _: b'{"id": "20260101T000000000000Z-0123456789ab"}',
    "nested": lambda _: b'{"x":' + b"[" * 100_000,
}


def filled(store: Store) -> tuple[Versions, list[Version]]:
    versions = Versions(store)
    return versions, [install(versions, made) for made in (OLDER, OLD, NEW)]


def damage(store: Store, key: str, how: str) -> None:
    content = DAMAGES[how](store.get(key) or b"")
    if content is None:
        store.delete(key)
    else:
        store.put(key, content)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["key.pem", "chain.pem", "meta.json"])
def test_a_damaged_version(store: Store, name: str, how: str) -> None:
    versions, (older, old, new) = filled(store)
    versions.switch(LINEAGE, older.id)
    versions.switch(LINEAGE, new.id)
    damage(store, f"{FOLDER}/{new.id}/{name}", how)
    # The one that was current before, not the newest other one.
    assert versions.current(LINEAGE) == older
    (problem,) = versions.problems
    assert problem.place == POINTER
    assert problem.message == (
        f"the current version '{new.id}' is missing or damaged; {older.id} is used instead"
    )
    assert not problem.fatal
    assert versions.list(LINEAGE) == [old, older]
    assert versions.get(LINEAGE, new.id) is None
    loaded = load_current(store, [SPEC], NOW)
    assert loaded.problems == (problem,)
    assert loaded.sets[0].certificates == (older.certificate,)
    # When the one before is damaged too: the newest whole one.
    damage(store, f"{FOLDER}/{older.id}/{name}", how)
    assert versions.current(LINEAGE) == old
    damage(store, f"{FOLDER}/{old.id}/{name}", how)
    assert versions.current(LINEAGE) is None
    assert "none is used instead" in versions.problems[0].message
    assert load_current(store, [SPEC], NOW).bootstrap == {SPEC.name}


@pytest.mark.parametrize("how", [how for how in DAMAGES if how != "gone"])
def test_a_damaged_pointer(store: Store, how: str) -> None:
    versions, (_, old, new) = filled(store)
    versions.switch(LINEAGE, old.id)
    damage(store, POINTER, how)
    assert versions.current(LINEAGE) == new
    assert versions.previous(LINEAGE) == old
    (problem,) = versions.problems
    assert problem.message == (
        f"the pointer to the current version cannot be understood; {new.id} is used instead"
    )


def test_a_pointer_to_somewhere_else(store: Store) -> None:
    versions, (*_, new) = filled(store)
    store.put(POINTER, b'{"version": "../../accounts", "previous": "/etc"}')
    assert versions.current(LINEAGE) == new
    assert len(versions.problems) == 1


def test_another_key_that_is_a_key(store: Store) -> None:
    versions, (_, old, new) = filled(store)
    store.put(f"{FOLDER}/{new.id}/key.pem", OLD.key_pem)
    assert versions.current(LINEAGE) == old


def test_a_whole_version_under_another_name(store: Store) -> None:
    versions, (_, old, new) = filled(store)
    for name in ("key.pem", "chain.pem", "meta.json"):
        store.put(f"{FOLDER}/{new.id}/{name}", store.get(f"{FOLDER}/{old.id}/{name}") or b"")
    assert versions.current(LINEAGE) == old
    assert versions.list(LINEAGE)[0] == old


def test_the_end_of_the_chain_is_lost(store: Store) -> None:
    """It still is a certificate and its key: clients would not find the way to the root."""
    versions, (_, old, new) = filled(store)
    leaf, end, _ = NEW.chain_pem.partition(b"-----END CERTIFICATE-----\n")
    store.put(f"{FOLDER}/{new.id}/chain.pem", leaf + end)
    assert versions.current(LINEAGE) == old


@pytest.mark.parametrize("broken", ["pointer", "version"])
@pytest.mark.parametrize("how", ["half", "gone"])
def test_the_next_renewal_mends_it(store: Store, broken: str, how: str) -> None:
    versions = Versions(store)
    old, current = install(versions, OLDER), install(versions, OLD)
    damage(store, POINTER if broken == "pointer" else f"{FOLDER}/{current.id}/key.pem", how)
    seen = versions.current(LINEAGE)
    new = add(versions, NEW)
    versions.switch(LINEAGE, new.id, expected=None if seen is None else seen.id)
    assert versions.current(LINEAGE) == new
    assert versions.problems == ()
    assert versions.previous(LINEAGE) == (old if broken == "version" else current)
    versions.prune(LINEAGE, keep=1)
    assert versions.current(LINEAGE) == new


def test_the_same_leaf_again_mends_a_damaged_version(store: Store) -> None:
    versions, (*_, new) = filled(store)
    damage(store, f"{FOLDER}/{new.id}/chain.pem", "half")
    assert versions.list(LINEAGE)[0].id != new.id
    assert add(versions, NEW) == new
    assert versions.current(LINEAGE) == new
    assert versions.problems == ()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage(data: st.DataObject) -> None:
    """Some bytes of some file: what is served is a version that was stored, whole."""
    store = MemoryStore()
    versions, stored = filled(store)
    key = data.draw(st.sampled_from([key for key in store.list("") if NEW.meta.id in key]))
    content = bytearray(store.get(key) or b"")
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    store.put(key, bytes(content))
    current = versions.current(LINEAGE)
    assert current is not None
    assert current.certificate in [version.certificate for version in stored]
    assert load_current(store, [SPEC], NOW).bootstrap == set()


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
@settings(max_examples=60, deadline=None)
def test_any_pointer(pointer: bytes) -> None:
    store = MemoryStore()
    versions, (*_, new) = filled(store)
    store.put(POINTER, pointer)
    assert versions.current(LINEAGE) == new


def test_a_folder_in_the_place_of_a_file(files: FileStore) -> None:
    versions, (_, old, new) = filled(files)
    chain = files.root / FOLDER / new.id / "chain.pem"
    chain.unlink()
    chain.mkdir()
    assert versions.current(LINEAGE) == old


def test_foreign_files_are_left_alone(files: FileStore) -> None:
    versions, (*_, new) = filled(files)
    (files.root / "lost+found").mkdir()
    (files.root / FOLDER / "notes of mine").write_text("do not touch")
    (files.root / FOLDER / "nowhere").symlink_to("/does/not/exist")
    assert versions.current(LINEAGE) == new
    assert len(versions.list(LINEAGE)) == 3
    versions.prune(LINEAGE)
    assert (files.root / FOLDER / "notes of mine").exists()


def test_links_in_a_ring_are_an_error_in_words(files: FileStore) -> None:
    files.put("a/b", b"1")
    (files.root / "a" / "ring").symlink_to(files.root / "a")
    with pytest.raises(StoreError, match="too many levels"):
        files.list("")


def test_a_store_that_is_a_file(files: FileStore) -> None:
    files.root.parent.mkdir(parents=True)
    files.root.write_bytes(b"")
    assert files.get("a") is None
    assert files.list("") == []
    for call in (lambda: files.put("a", b""), lambda: files.lock("a"), lambda: files.probe(1)):
        with pytest.raises(StoreError, match="not a directory") as caught:
            call()
        assert caught.value.remedy
    loaded = load_current(files, [SPEC], NOW)
    assert loaded.bootstrap == {SPEC.name}
    assert loaded.problems
