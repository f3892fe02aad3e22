"""Immutable versions, one of them current: switched by one write, fenced, never lost to damage."""

import msgspec
import pytest

from certs.spec import KeyType, Lineage
from certs.store.filestore import FileStore
from certs.store.protocol import Store, StoreError
from certs.store.versions import SupersededError, Versions
from tests.support.stored import DAY, LINEAGE, Material, add, install, material

FOLDER = f"certificates/{LINEAGE.key}"
NO_VERSION = "20260101T000000000000Z-0123456789ab"


@pytest.fixture
def versions(store: Store) -> Versions:
    return Versions(store)


def test_nothing_at_first(versions: Versions) -> None:
    assert versions.current(LINEAGE) is None
    assert versions.previous(LINEAGE) is None
    assert versions.list(LINEAGE) == []
    assert versions.lineages() == []
    assert versions.get(LINEAGE, NO_VERSION) is None
    versions.prune(LINEAGE)
    versions.remove(LINEAGE, NO_VERSION)
    assert versions.problems == ()


def test_added_is_not_current(versions: Versions) -> None:
    made = material()
    version = add(versions, made)
    assert versions.current(LINEAGE) is None
    assert versions.list(LINEAGE) == [version]
    assert versions.get(LINEAGE, version.id) == version
    assert version.meta == made.meta
    assert version.certificate.key_pem == made.key_pem
    assert version.certificate.chain_pem == made.chain_pem
    versions.switch(LINEAGE, version.id)
    assert versions.current(LINEAGE) == version
    assert versions.previous(LINEAGE) is None


def test_the_same_leaf_is_stored_once(versions: Versions) -> None:
    made = material()
    first = add(versions, made)
    later = msgspec.structs.replace(made.meta, id=NO_VERSION, issuer="other")
    again = versions.add(LINEAGE, key_pem=made.key_pem, chain_pem=made.chain_pem, meta=later)
    assert again == first
    assert versions.list(LINEAGE) == [first]


def test_what_does_not_belong_together_is_refused(versions: Versions, store: Store) -> None:
    one, other = material(), material()
    leaf_only = one.chain_pem[: one.chain_pem.index(b"-----END CERTIFICATE-----") + 26]
    rsa = Lineage(LINEAGE.certificate, KeyType.RSA_2048)
    named = msgspec.structs.replace(one.meta, id="newest")
    for lineage, key_pem, chain_pem, meta in (
        (LINEAGE, other.key_pem, one.chain_pem, one.meta),
        (LINEAGE, one.key_pem, one.chain_pem, other.meta),
        (LINEAGE, one.key_pem, leaf_only, one.meta),
        (LINEAGE, one.key_pem, b"", one.meta),
        (LINEAGE, b"", one.chain_pem, one.meta),
        (LINEAGE, one.key_pem, one.chain_pem, named),
        (rsa, one.key_pem, one.chain_pem, one.meta),
        (Lineage("other.example.org", LINEAGE.key_type), one.key_pem, one.chain_pem, one.meta),
    ):
        with pytest.raises(ValueError, match=r"."):
            versions.add(lineage, key_pem=key_pem, chain_pem=chain_pem, meta=meta)
    assert store.list("") == []


def test_there_and_back(versions: Versions) -> None:
    old = install(versions, material(age=60 * DAY))
    new = install(versions, material())
    assert versions.list(LINEAGE) == [new, old]
    assert (versions.current(LINEAGE), versions.previous(LINEAGE)) == (new, old)
    versions.switch(LINEAGE, new.id)
    assert (versions.current(LINEAGE), versions.previous(LINEAGE)) == (new, old)
    versions.switch(LINEAGE, old.id)
    assert (versions.current(LINEAGE), versions.previous(LINEAGE)) == (old, new)


def test_every_switch_is_seen(versions: Versions, store: Store) -> None:
    one, two = install(versions, material(age=DAY)), install(versions, material())
    seen = set()
    for version in (one, two, one, two):
        versions.switch(LINEAGE, version.id)
        seen.add((store.watch(FOLDER), store.get(f"{FOLDER}/current")))
    assert len(seen) == 4
    assert len({pointer for _, pointer in seen}) == 4


@pytest.mark.parametrize("version_id", [NO_VERSION, "", "../x", "current", "next-key.pem", "ä"])
def test_no_switch_to_what_is_not_there(versions: Versions, version_id: str) -> None:
    old = install(versions, material())
    with pytest.raises(StoreError, match="no whole version") as caught:
        versions.switch(LINEAGE, version_id)
    assert caught.value.remedy
    assert versions.current(LINEAGE) == old


def test_who_was_overtaken_is_refused(versions: Versions) -> None:
    first = add(versions, material(age=2 * DAY))
    with pytest.raises(SupersededError):
        versions.switch(LINEAGE, first.id, expected=NO_VERSION)
    versions.switch(LINEAGE, first.id, expected=None)
    second, third = add(versions, material(age=DAY)), add(versions, material())
    versions.switch(LINEAGE, second.id, expected=first.id)
    for expected in (first.id, None, third.id):
        with pytest.raises(SupersededError) as caught:
            versions.switch(LINEAGE, third.id, expected=expected)
        assert "another process" in caught.value.message
    assert versions.current(LINEAGE) == second
    versions.switch(LINEAGE, third.id)
    assert versions.current(LINEAGE) == third


def test_who_hangs_is_not_waited_for_without_end(
    versions: Versions, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = install(versions, material())
    pauses: list[float] = []
    monkeypatch.setattr("certs.store.versions.time.sleep", pauses.append)
    with store.lock(f"switch/{LINEAGE.key}") or pytest.fail("it was free"):
        with pytest.raises(StoreError, match="has been switching this for seconds"):
            versions.switch(LINEAGE, version.id)
        with pytest.raises(StoreError, match="has been switching this for seconds"):
            versions.prune(LINEAGE)
    assert 1 < sum(pauses) < 30
    versions.switch(LINEAGE, version.id)


def test_lineages_do_not_mix(versions: Versions) -> None:
    wildcard = Lineage("*.example.org", KeyType.ECDSA_P256)
    mine = install(versions, material())
    made = material(names=["*.example.org"], lineage=wildcard)
    theirs = add(versions, made, wildcard)
    assert versions.current(wildcard) is None
    versions.switch(wildcard, theirs.id)
    assert (versions.current(LINEAGE), versions.current(wildcard)) == (mine, theirs)
    assert versions.lineages() == ["_.example.org+ecdsa-p256", "mail.example.org+ecdsa-p256"]


def test_a_compromised_one_is_removed_but_not_while_served(
    versions: Versions, store: Store
) -> None:
    old, new = install(versions, material(age=DAY)), install(versions, material())
    with pytest.raises(StoreError, match="is the current one"):
        versions.remove(LINEAGE, new.id)
    versions.remove(LINEAGE, old.id)
    assert versions.list(LINEAGE) == [new]
    assert versions.previous(LINEAGE) is None
    assert store.list(f"{FOLDER}/{old.id}") == []


def test_the_current_one_and_the_one_before_are_never_pruned(versions: Versions) -> None:
    made = [install(versions, material(age=age * DAY)) for age in (50, 40, 30, 20, 10)]
    versions.switch(LINEAGE, made[0].id)
    versions.switch(LINEAGE, made[1].id)
    versions.prune(LINEAGE, keep=2)
    assert versions.list(LINEAGE) == [made[4], made[3], made[1], made[0]]
    assert (versions.current(LINEAGE), versions.previous(LINEAGE)) == (made[1], made[0])
    assert versions.problems == ()


def test_the_key_of_the_version_to_come(versions: Versions) -> None:
    assert versions.next_key(LINEAGE) is None
    versions.keep_next_key(LINEAGE, b"a key")
    install(versions, material())
    versions.prune(LINEAGE)
    assert versions.next_key(LINEAGE) == b"a key"


def test_no_key_in_what_is_logged(versions: Versions) -> None:
    version = install(versions, material())
    secret = version.certificate.key_pem.splitlines()[1].decode()
    assert secret not in repr(version)


def test_a_description_of_an_older_release(store: Store) -> None:
    """It has no hash of the chain; one of a newer release has fields that nobody knows."""
    versions = Versions(store)
    version = install(versions, material())
    key = f"{FOLDER}/{version.id}/meta.json"
    described = msgspec.json.decode(store.get(key) or b"")
    del described["chain_sha256"]
    store.put(key, msgspec.json.encode({**described, "to_come": [1]}))
    current = versions.current(LINEAGE)
    assert current is not None
    assert current.certificate == version.certificate


def test_two_stores_on_one_folder(files: FileStore) -> None:
    mine, theirs = Versions(files), Versions(FileStore(files.root))
    made: list[Material] = [material(age=DAY), material()]
    first = install(mine, made[0], expected=None)
    assert theirs.current(LINEAGE) == first
    second = install(theirs, made[1], expected=first.id)
    with pytest.raises(SupersededError):
        mine.switch(LINEAGE, first.id, expected=first.id)
    assert mine.current(LINEAGE) == second
