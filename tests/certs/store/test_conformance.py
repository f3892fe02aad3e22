"""What every store must do, whatever it is made of (certs.store.protocol)."""

import threading
from collections.abc import Callable

import pytest

from certs.store.protocol import Store, StoreError

LONGEST = "n" * 230
KEYS = ("a", "a/b", "certificates/mail.example.org+ecdsa-p256/current", "_.x@y:z-1", LONGEST)
NO_KEYS = (
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/.hidden",
    "a b",
    "a\nb",
    "a\n",
    "a\0",
    "a\\b",
    "*",
    "ä",
    LONGEST + "n",
)


def test_nothing_is_there_at_first(store: Store) -> None:
    assert store.get("a") is None
    assert store.list("") == []
    store.delete("a")


@pytest.mark.parametrize("key", KEYS)
def test_what_is_put_is_there(store: Store, key: str) -> None:
    store.put(key, b"one")
    assert store.get(key) == b"one"
    store.put(key, b"")
    assert store.get(key) == b""
    store.put(key, bytes(range(256)) * 1000)
    assert store.get(key) == bytes(range(256)) * 1000
    assert store.list("") == [key]
    store.delete(key)
    assert store.get(key) is None
    assert store.list("") == []


def test_the_value_is_a_copy(store: Store) -> None:
    value = bytearray(b"one")
    store.put("a", value)
    value[:] = b"two"
    assert store.get("a") == b"one"


def test_lists_are_of_whole_segments(store: Store) -> None:
    for key in ("a/b/c", "a/bc", "a/b.c", "a/b/d/e", "b"):
        store.put(key, b"")
    assert store.list("") == ["a/b.c", "a/b/c", "a/b/d/e", "a/bc", "b"]
    assert store.list("a/b") == ["a/b/c", "a/b/d/e"]
    assert store.list("a/b/c") == []
    assert store.list("nothing/here") == []


def test_deleting_one_leaves_its_neighbours(store: Store) -> None:
    store.put("a/b", b"b")
    store.put("a/c", b"c")
    store.delete("a/b")
    store.delete("a/b")
    store.delete("a")
    store.delete("a/c/d")
    assert store.list("") == ["a/c"]
    assert store.get("a/c") == b"c"


def test_no_key_is_the_folder_of_another(store: Store) -> None:
    store.put("a/b", b"old")
    for key in ("a", "a/b/c"):
        with pytest.raises(StoreError) as caught:
            store.put(key, b"new")
        assert caught.value.remedy
        assert store.get(key) is None
    assert store.list("") == ["a/b"]
    assert store.get("a/b") == b"old"
    store.delete("a/b")
    store.put("a", b"new")
    assert store.list("") == ["a"]


@pytest.mark.parametrize("key", NO_KEYS)
def test_other_keys_are_mistakes(store: Store, key: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.get(key),
        lambda: store.put(key, b""),
        lambda: store.delete(key),
        lambda: store.lock(key),
    ]
    if key:
        calls += [lambda: store.list(key), lambda: store.watch(key)]
    for call in calls:
        with pytest.raises(ValueError, match="not a key"):
            call()
    assert store.list("") == []


@pytest.mark.parametrize("name", [*KEYS, f"{LONGEST}/{LONGEST}"])
def test_a_lock_has_one_owner(store: Store, name: str) -> None:
    first = store.lock(name)
    assert first is not None
    assert first.is_held()
    assert store.lock(name) is None
    first.release()
    assert not first.is_held()
    with store.lock(name) or pytest.fail("it was free") as second:
        assert second.is_held()
        first.release()
        assert second.is_held()
        assert store.lock(name) is None
    assert not second.is_held()
    assert store.lock(name) is not None


def test_locks_do_not_mix(store: Store) -> None:
    names = ["a", "a/b", "b", f"{LONGEST}/a", f"{LONGEST}/b"]
    locks = [store.lock(name) for name in names]
    assert all(lock is not None and lock.is_held() for lock in locks)


def test_a_lock_has_nothing_to_do_with_a_value(store: Store) -> None:
    lock = store.lock("a/b")
    assert lock is not None
    assert store.list("") == []
    store.put("a", b"one")
    assert store.get("a") == b"one"
    assert lock.is_held()


def test_of_many_threads_one_gets_the_lock(store: Store) -> None:
    start = threading.Barrier(8)
    got = []

    def fight() -> None:
        start.wait()
        got.append(store.lock("a"))

    threads = [threading.Thread(target=fight) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lock for lock in got if lock is not None]) == 1


def test_a_mark_differs_after_every_change(store: Store) -> None:
    store.put("b", b"")
    seen = {store.watch("a")}

    def is_new() -> bool:
        mark = store.watch("a")
        is_first = mark not in seen
        seen.add(mark)
        return is_first

    store.put("a/x", b"1")
    assert is_new()
    for _ in range(20):
        # The same value, or one of the same length at once afterwards.
        store.put("a/x", b"1")
        assert is_new()
    store.put("a/y/z", b"1")
    assert is_new()
    store.delete("a/x")
    assert is_new()
    store.put("a/x", b"1")
    assert is_new()


def test_a_mark_stays_while_nothing_changes(store: Store) -> None:
    store.put("a/x", b"1")
    mark, of_all = store.watch("a"), store.watch("")
    store.get("a/x")
    store.list("")
    with store.lock("a/x") or pytest.fail("it was free"):
        assert store.watch("") == of_all
    store.probe(1000)
    assert store.watch("") == of_all
    store.put("ab", b"1")
    store.put("b/x", b"1")
    assert store.watch("a") == mark
    assert store.watch("") != of_all


def test_a_mark_of_one_value(store: Store) -> None:
    none = store.watch("a/x")
    store.put("a/x", b"1")
    one = store.watch("a/x")
    store.put("a/x", b"1")
    assert len({none, one, store.watch("a/x")}) == 3


@pytest.mark.parametrize("size_bytes", [0, 1, 100_000])
def test_a_probe_leaves_nothing(store: Store, size_bytes: int) -> None:
    store.probe(size_bytes)
    assert store.list("") == []
    store.put("a", b"1")
    store.probe(size_bytes)
    assert store.list("") == ["a"]


def test_threads_put_and_delete_in_the_same_folders(store: Store) -> None:
    """Folders come and go under the feet of those who fill them: nobody stumbles."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        key = f"a/b/c/{number}"
        try:
            for _ in range(60):
                store.put(key, b"here")
                assert store.get(key) == b"here"
                store.list("a")
                store.watch("a")
                store.delete(key)
                assert store.get(key) is None
        except BaseException as error:  # noqa: BLE001 - for the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.list("") == []
