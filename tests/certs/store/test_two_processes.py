"""Two processes with one certificate: who was overtaken is refused, and each sees the other."""

import time

import msgspec

from certs.store.filestore import FileStore
from certs.store.unit import Pointer
from certs.store.versions import Versions
from tests.support import dying
from tests.support.dying import Nursery
from tests.support.stored import DAY, LINEAGE, add, install, material

POINTER = f"certificates/{LINEAGE.key}/current"
TURNS = 40


def test_no_switch_is_lost(nursery: Nursery, files: FileStore) -> None:
    versions = Versions(files)
    add(versions, material())
    install(versions, material(age=DAY))
    workers = [nursery.started(dying.switch_by_turns, files.root, TURNS) for _ in range(3)]
    assert [nursery.ended(worker) for worker in workers] == [0, 0, 0]
    told = [files.get(f"switched/{worker}") for worker in workers]
    done, refused = (
        sum(int(one.split()[at]) for one in told if one is not None) for at in range(2)
    )
    assert done + refused == TURNS * len(workers)
    pointer = msgspec.json.decode(files.get(POINTER) or b"", type=Pointer)
    # Each that was said to be done happened, once, from exactly what its process had seen.
    assert pointer.counter == 1 + done
    ids = [version.id for version in versions.list(LINEAGE)]
    assert pointer.version == (ids[1] if done % 2 == 0 else ids[0])


def test_a_change_by_another_process_is_seen(nursery: Nursery, files: FileStore) -> None:
    files.put("a/b", b"\1" * 10)
    seen = {files.watch("a")}
    writer = nursery.started(dying.put_forever, files.root, "a/b", 10)
    deadline = time.monotonic() + 20
    while len(seen) < 10:
        assert time.monotonic() < deadline
        seen.add(files.watch("a"))
    nursery.kill(writer)
    assert files.watch("a") == FileStore(files.root).watch("a")


def test_the_same_leaf_by_two_processes(nursery: Nursery, files: FileStore) -> None:
    """Both had the same order taken up: there is one version of it, and it is current."""
    made = material()
    workers = [nursery.started(dying.renew, files.root, made) for _ in range(3)]
    assert [nursery.ended(worker) for worker in workers] == [0, 0, 0]
    (version,) = Versions(files).list(LINEAGE)
    assert Versions(files).current(LINEAGE) == version
