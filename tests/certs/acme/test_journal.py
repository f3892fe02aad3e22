"""The journal of orders: what is written can be read, nothing secret shows, nothing stays."""

from datetime import UTC, datetime

from certs.acme.journal import Journal, PendingOrder, discard
from certs.acme.keys import generate, spki_sha256
from certs.spec import KeyType, Lineage
from certs.store.memory import MemoryStore
from tests.support.crashing_store import CrashingStore

LINEAGE = Lineage(certificate="*.example.org", key_type=KeyType.ECDSA_P256)
KEY = generate(KeyType.ECDSA_P256)
PENDING = PendingOrder(
    issuer="letsencrypt",
    directory="https://ca.invalid/directory",
    account_url="https://ca.invalid/account/1",
    names=("*.example.org",),
    key_type=KeyType.ECDSA_P256,
    key_sha256=spki_sha256(KEY),
    started_at=datetime(2026, 11, 24, tzinfo=UTC),
    url="https://ca.invalid/order/1",
)


def test_what_is_saved_is_loaded() -> None:
    store = MemoryStore()
    journal = Journal(store, LINEAGE, "letsencrypt")
    assert (journal.load(), journal.load_key()) == (None, None)
    journal.save_key(KEY)
    journal.save(PENDING)
    again = Journal(store, LINEAGE, "letsencrypt")
    assert (again.load(), again.load_key()) == (PENDING, (KEY, PENDING.key_sha256))
    assert store.list("orders") == [
        "orders/_.example.org+ecdsa-p256/letsencrypt/key.pem",
        "orders/_.example.org+ecdsa-p256/letsencrypt/order.json",
    ]


def test_what_cannot_be_understood_is_nothing() -> None:
    store = MemoryStore()
    journal = Journal(store, LINEAGE, "letsencrypt")
    store.put("orders/_.example.org+ecdsa-p256/letsencrypt/order.json", b"{")
    store.put("orders/_.example.org+ecdsa-p256/letsencrypt/key.pem", b"half a k")
    assert (journal.load(), journal.load_key()) == (None, None)


def test_what_a_later_release_added_is_ignored() -> None:
    store = MemoryStore()
    journal = Journal(store, LINEAGE, "letsencrypt")
    journal.save(PENDING)
    (key,) = store.list("orders")
    value = store.get(key)
    assert value is not None
    store.put(key, value.replace(b"{", b'{"new":1,', 1))
    assert journal.load() == PENDING


def test_everything_goes_the_keys_first() -> None:
    store = CrashingStore()
    for issuer in ("one", "two"):
        journal = Journal(store, LINEAGE, issuer)
        journal.save_key(KEY)
        journal.save(PENDING)
    other = Journal(store, Lineage(certificate="a", key_type=KeyType.RSA_2048), "one")
    other.save(PENDING)
    store.log.clear()
    discard(store, LINEAGE)
    assert [line.endswith("/key.pem") for line in store.log] == [True, True, False, False]
    assert len(store.list("orders")) == 1


def test_an_address_that_others_have() -> None:
    store = MemoryStore()
    journal = Journal(store, LINEAGE, "one")
    journal.save(PENDING)
    other = Journal(store, Lineage(certificate="a", key_type=KeyType.RSA_2048), "one")
    assert PENDING.url is not None
    assert not journal.is_known_elsewhere(PENDING.url)
    assert other.is_known_elsewhere(PENDING.url)
