"""What a host serves from the first moment: always something, and never worse than what it has."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.model import Certificate
from certs.selfsigned import ORGANISATION
from certs.spec import ChallengeType, KeyType, Lineage, Managed
from certs.store.bootstrap import forget_bootstrap
from certs.store.memory import MemoryStore
from certs.store.protocol import Store, StoreError
from certs.store.serving import StoredSets, load_current
from certs.store.versions import Versions
from tests.support.stored import DAY, NAME, NOW, SPEC, Material, add, install, material


def only(loaded: StoredSets) -> Certificate:
    (one,) = loaded.sets
    (certificate,) = one.certificates
    return certificate


def served(store: Store, *made: Material, at: timedelta = timedelta(0)) -> StoredSets:
    """What is, after each of `made` was installed in turn."""
    for one in made:
        install(Versions(store), one)
    return load_current(store, [SPEC], NOW + at)


def messages(loaded: StoredSets) -> list[str]:
    assert not any(problem.fatal for problem in loaded.problems)
    assert all(problem.place and problem.remedy for problem in loaded.problems)
    return [problem.message for problem in loaded.problems]


def test_a_bootstrap_certificate_is_marked_and_kept(store: Store) -> None:
    loaded = served(store)
    made = only(loaded)
    assert loaded.bootstrap == {NAME}
    assert loaded.problems == ()
    assert made.is_self_signed
    assert made.names == (NAME,)
    leaf = x509.load_pem_x509_certificate(made.chain_pem)
    (mark,) = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert mark.value == ORGANISATION
    assert load_current(store, [SPEC], NOW) == loaded
    # It is no version of anything.
    assert Versions(store).lineages() == []
    assert store.list("") == [f"bootstrap/{NAME}.pem"]
    forget_bootstrap(store, SPEC.names)
    assert store.list("") == []


def test_a_bootstrap_certificate_is_made_anew(store: Store) -> None:
    first = only(served(store))
    later = only(load_current(store, [SPEC], NOW + 25 * DAY))
    assert later != first
    more = Managed(names=(NAME, "b.example.org"), key_types=SPEC.key_types, challenges=())
    assert only(load_current(store, [more], NOW + 25 * DAY)).names == more.names
    store.put(f"bootstrap/{NAME}.pem", b"damaged")
    assert only(load_current(store, [SPEC], NOW)).names == (NAME,)


def test_a_dry_run_writes_nothing(store: Store) -> None:
    loaded = load_current(store, [SPEC], NOW, is_dry=True)
    assert loaded.bootstrap == {NAME}
    assert store.list("") == []


def test_a_valid_one(store: Store) -> None:
    made = material()
    loaded = served(store, made)
    assert loaded.problems == ()
    assert loaded.bootstrap == frozenset()
    assert loaded.sets[0].names == SPEC.names
    assert only(loaded).chain_pem == made.chain_pem
    assert store.list("bootstrap") == []


def test_what_is_added_is_not_served_yet(store: Store) -> None:
    add(Versions(store), material())
    assert served(store).bootstrap == {NAME}


@pytest.mark.parametrize("kind", ["is_staging", "is_self_signed"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_valid_one_is_not_replaced_by_what_nobody_trusts(
    store: Store, kind: str, times: int
) -> None:
    valid = material(age=30 * DAY)
    poor = [material(age=age * DAY, **{kind: True}) for age in range(times, 0, -1)]  # type: ignore[arg-type]
    assert only(served(store, valid, *poor)).chain_pem == valid.chain_pem
    # Nor is it pruned for that, at least by one; when it has expired, they are served.
    assert only(served(store, at=70 * DAY)).chain_pem == poor[-1].chain_pem


def test_one_of_staging_is_better_than_none(store: Store) -> None:
    staging = material(is_staging=True)
    loaded = served(store, staging)
    assert only(loaded).chain_pem == staging.chain_pem
    assert loaded.bootstrap == frozenset()


def test_an_expired_one_is_better_than_a_self_signed_one(store: Store) -> None:
    expired = material(age=100 * DAY)
    loaded = served(store, expired)
    assert only(loaded).chain_pem == expired.chain_pem
    assert loaded.bootstrap == frozenset()
    assert messages(loaded) == ["expired on 2026-02-19 12:00 UTC"]


def test_the_clock_is_wrong(store: Store) -> None:
    made = material()
    loaded = served(store, made, at=-10 * DAY)
    assert only(loaded).chain_pem == made.chain_pem
    assert messages(loaded) == ["not valid before 2026-03-01 12:00 UTC"]


def test_the_one_before_when_only_that_is_valid(store: Store) -> None:
    old, short = material(age=30 * DAY), material(age=20 * DAY, life=6 * DAY)
    loaded = served(store, old, short)
    assert only(loaded).chain_pem == old.chain_pem
    assert loaded.problems == ()
    # One that was rolled back from is not served while the one rolled back to is good.
    versions = Versions(store)
    newer = install(versions, material())
    current = versions.list(Lineage(NAME, KeyType.ECDSA_P256))[-1]
    versions.switch(Lineage(NAME, KeyType.ECDSA_P256), current.id)
    assert newer.id > current.id
    assert only(served(store)) == current.certificate


def test_a_name_more_than_it_has(store: Store) -> None:
    install(Versions(store), material())
    more = Managed(
        names=(NAME, "b.example.org", "c.example.org"),
        key_types=SPEC.key_types,
        challenges=SPEC.challenges,
    )
    loaded = load_current(store, [more], NOW)
    assert loaded.bootstrap == frozenset()
    assert loaded.sets[0].names == more.names
    assert messages(loaded) == ["not yet for b.example.org, c.example.org"]
    assert loaded.problems[0].place == f"certificate {NAME} (ecdsa-p256)"


def test_a_name_less_than_it_has(store: Store) -> None:
    assert served(store, material(names=(NAME, "b.example.org"))).problems == ()


def test_two_kinds_of_key_one_of_them_stored(store: Store) -> None:
    both = Managed(
        names=(NAME,),
        key_types=(KeyType.RSA_2048, KeyType.ECDSA_P256),
        challenges=(ChallengeType.TLS_ALPN_01,),
    )
    made = material()
    install(Versions(store), made)
    loaded = load_current(store, [both], NOW)
    assert loaded.bootstrap == frozenset()
    assert only(loaded).chain_pem == made.chain_pem


def test_each_has_its_own(store: Store) -> None:
    other = Managed(names=("b.example.org",), key_types=SPEC.key_types, challenges=())
    made = material()
    install(Versions(store), made)
    loaded = load_current(store, [other, SPEC], NOW)
    assert [one.names for one in loaded.sets] == [other.names, SPEC.names]
    assert loaded.bootstrap == {other.name}
    assert loaded.sets[1].certificates[0].chain_pem == made.chain_pem
    assert load_current(store, [], NOW).sets == ()


class UnreadableStore(MemoryStore):
    """As a disk that is broken."""

    def get(self, key: str) -> bytes | None:
        raise StoreError("cannot be read: input/output error", place=key, remedy="Check the disk.")


def test_a_store_that_cannot_be_read() -> None:
    store = UnreadableStore()
    loaded = load_current(store, [SPEC], NOW)
    assert loaded.bootstrap == {NAME}
    assert only(loaded).is_self_signed
    assert set(messages(loaded)) == {"cannot be read: input/output error"}
    # Nothing is written over what may still be there.
    assert store.list("") == []
