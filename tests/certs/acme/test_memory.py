"""Which challenge type comes first: the preferred one, unless it failed lately."""

from certs.acme.memory import ChallengeMemory
from certs.spec import ChallengeType
from certs.store.memory import MemoryStore
from tests.support.patient_clock import PatientClock

TLS, HTTP, DNS = ChallengeType.TLS_ALPN_01, ChallengeType.HTTP_01, ChallengeType.DNS_01
NAME = "mail.example.org"
DAY_S = 86400


def test_failures_go_to_the_end_and_are_forgotten() -> None:
    clock, store = PatientClock(), MemoryStore()
    memory = ChallengeMemory(store, clock)
    assert memory.ordered(NAME, (TLS, HTTP, DNS)) == (TLS, HTTP, DNS)
    memory.failed(NAME, TLS)
    assert memory.ordered(NAME, (TLS, HTTP, DNS)) == (HTTP, DNS, TLS)
    clock.pass_by(40 * DAY_S)
    memory.failed(NAME, HTTP)
    # The latest failure is the least hope.
    assert memory.ordered(NAME, (TLS, HTTP)) == (TLS, HTTP)
    assert memory.ordered(NAME, (HTTP, TLS, DNS)) == (DNS, TLS, HTTP)
    again = ChallengeMemory(store, clock)
    clock.pass_by(51 * DAY_S)
    assert again.ordered(NAME, (HTTP, TLS, DNS)) == (TLS, DNS, HTTP)
    assert again.ordered("other.example.org", (HTTP, TLS)) == (HTTP, TLS)


def test_a_type_that_works_again_is_forgiven() -> None:
    memory = ChallengeMemory(MemoryStore(), PatientClock())
    memory.failed(NAME, TLS)
    memory.failed(NAME, HTTP)
    memory.worked(NAME, TLS)
    assert memory.ordered(NAME, (HTTP, TLS)) == (TLS, HTTP)
    assert memory.recall(NAME).worked == "tls-alpn-01"


def test_what_cannot_be_understood_is_nothing() -> None:
    store = MemoryStore()
    memory = ChallengeMemory(store, PatientClock())
    store.put(f"challenges/{NAME}.json", b"[]")
    assert memory.ordered(NAME, (TLS, HTTP)) == (TLS, HTTP)
    memory.failed(NAME, TLS)
    assert memory.ordered(NAME, (TLS, HTTP)) == (HTTP, TLS)


def test_addresses_have_a_place_of_their_own() -> None:
    memory = ChallengeMemory(MemoryStore(), PatientClock())
    memory.failed("2001:db8::7", TLS)
    assert memory.ordered("2001:db8::7", (TLS, HTTP)) == (HTTP, TLS)
