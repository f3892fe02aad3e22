"""What is remembered, also while the store cannot."""

from dataclasses import replace

import pytest

from certs.manager.books import Books, IssuerTally, wanted_digest
from certs.renewal.state import LineageState, state_key
from certs.spec import AcmeSettings, ChallengeType, Issuer
from certs.store.memory import MemoryStore
from certs.store.protocol import StoreError
from tests.support.manager_world import lineage, managed
from tests.support.sim_clock import SimClock

ISSUER = Issuer(name="first", directory="https://ca.example/dir")
SETTINGS = AcmeSettings(
    email="a@example.org", agree_to_terms=True, issuers=(ISSUER,), user_agent=""
)


class ReadOnlyStore(MemoryStore):
    """As a full disk."""

    is_full = False

    def put(self, key: str, value: bytes) -> None:
        if self.is_full:
            raise StoreError("no space left", place=key, remedy="Free some.")
        super().put(key, value)


def test_kept_over_a_restart() -> None:
    store, clock = MemoryStore(), SimClock()
    Books(store, clock).keep(lineage(), LineageState(issuer="first"))
    assert Books(store, clock).state(lineage()).issuer == "first"


def test_what_cannot_be_understood_begins_anew() -> None:
    store = MemoryStore()
    store.put(state_key(lineage()), b"{")
    assert Books(store, SimClock()).state(lineage()) == LineageState()


def test_what_could_not_be_stored_holds_until_it_can_be() -> None:
    store, clock = ReadOnlyStore(), SimClock()
    books = Books(store, clock)
    books.keep(lineage(), LineageState(issuer="old"))
    store.is_full = True
    with pytest.raises(StoreError):
        books.keep(lineage(), LineageState(issuer="new"))
    assert books.state(lineage()).issuer == "new"
    assert Books(store, clock).state(lineage()).issuer == "old"
    store.is_full = False
    books.keep(lineage(), books.state(lineage()))
    assert Books(store, clock).state(lineage()).issuer == "new"


def test_what_another_process_has_stored_since_counts_more() -> None:
    store, clock = ReadOnlyStore(), SimClock()
    books = Books(store, clock)
    store.is_full = True
    with pytest.raises(StoreError):
        books.keep(lineage(), LineageState(issuer="ours"))
    store.is_full = False
    Books(store, clock).keep(lineage(), LineageState(issuer="theirs"))
    assert books.state(lineage()).issuer == "theirs"


def test_an_order_that_cannot_be_counted_is_not_placed() -> None:
    store, clock = ReadOnlyStore(), SimClock()
    tally = IssuerTally(Books(store, clock), ISSUER, clock)
    store.is_full = True
    with pytest.raises(StoreError):
        tally.ordered(is_exempt=False)
    # What the CA has done already is counted somehow.
    tally.validation_failed("mail.example.org")


@pytest.mark.parametrize(
    "changed",
    [
        (managed("other.example.org"), SETTINGS),
        (managed(challenges=(ChallengeType.DNS_01,)), SETTINGS),
        (managed(), replace(SETTINGS, agree_to_terms=False)),
        (managed(), replace(SETTINGS, email=None)),
        (managed(), replace(SETTINGS, issuers=(replace(ISSUER, profile="shortlived"),))),
        (managed(), replace(SETTINGS, issuers=(replace(ISSUER, eab_hmac_key="other"),))),
    ],
)
def test_who_changes_the_configuration_begins_anew(changed: object) -> None:
    certificate, settings = changed  # type: ignore[misc]
    assert wanted_digest(certificate, settings) != wanted_digest(managed(), SETTINGS)
    assert wanted_digest(managed(), SETTINGS) == wanted_digest(managed(), SETTINGS)
