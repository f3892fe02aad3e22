"""Orders at a CA in memory: what is taken up again, and what is begun anew."""

import dataclasses
from typing import Any

import msgspec
import pytest

from certs.acme import keys
from certs.acme.journal import Journal, discard
from certs.acme.memory import ChallengeMemory
from certs.acme.problem import AcmeProblem, Kind
from certs.spec import ChallengeType, KeyType, Lineage
from tests.support.crashing_store import Killed
from tests.support.memory_ca import MemorySession
from tests.support.order_world import LINEAGE, NEED, World
from tests.support.recording_solver import recording_solvers

MAIL = dataclasses.replace(NEED, names=NEED.names[:1])


def test_until_it_is_discarded_the_same_certificate_comes_again() -> None:
    world = World()
    first = world.obtain()
    assert world.obtain() == first
    discard(world.store, LINEAGE)
    assert world.store.list("orders") == []
    assert world.obtain().key_pem != first.key_pem
    assert len(world.ca.orders) == 2


def test_what_was_stored_already_is_not_obtained_again() -> None:
    world = World()
    first = world.obtain()
    again = world.obtain(dataclasses.replace(NEED, done_order_url=first.order_url))
    assert again.order_url != first.order_url


def test_what_a_crash_left_long_ago_is_not_taken_up() -> None:
    world = World()
    first = world.obtain()
    world.clock.pass_by(29 * 86400)
    assert world.obtain() == first
    world.clock.pass_by(2 * 86400)
    assert world.obtain() != first


def test_a_certificate_past_half_its_life_is_no_result() -> None:
    world = World()
    first = world.obtain()
    journal = Journal(world.store, LINEAGE, "memory")
    pending = journal.load()
    assert pending is not None
    world.clock.pass_by(50 * 86400)
    journal.save(msgspec.structs.replace(pending, started_at=world.clock.now()))
    assert world.obtain() != first
    assert len(world.ca.orders) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"names": ("imap.example.org",)},
        {"key_type": KeyType.ECDSA_P384},
        {"key_pem": keys.generate(KeyType.ECDSA_P256)},
    ],
    ids=["names", "key type", "key"],
)
def test_another_need_is_another_order(change: dict[str, Any]) -> None:
    world = World()
    first = world.obtain(MAIL)
    again = world.obtain(dataclasses.replace(MAIL, **change))
    assert again.key_pem != first.key_pem
    assert len(world.ca.orders) == 2


def test_the_key_given_is_the_key_used() -> None:
    key_pem = keys.generate(KeyType.RSA_2048)
    need = dataclasses.replace(MAIL, key_type=KeyType.RSA_2048, key_pem=key_pem)
    assert World().obtain(need).key_pem == key_pem


@pytest.mark.parametrize("key_pem", [keys.generate(KeyType.ECDSA_P384), b"half a key"])
def test_a_key_that_cannot_be_used_costs_no_order(key_pem: bytes) -> None:
    world = World()
    with pytest.raises(AcmeProblem, match="ecdsa-p256 key to be used cannot be") as caught:
        world.obtain(dataclasses.replace(MAIL, key_pem=key_pem))
    assert caught.value.kind is Kind.CONFIGURATION
    assert world.ca.log == []


def test_another_key_may_still_be_given_before_the_csr_was_sent() -> None:
    world = World()
    with pytest.raises(Killed):
        world.obtain(MAIL, MemorySession(world.ca, crash_at=0))
    key_pem = keys.generate(KeyType.ECDSA_P256)
    assert world.obtain(dataclasses.replace(MAIL, key_pem=key_pem)).key_pem == key_pem
    assert len(world.ca.orders) == 1


def test_a_finalized_order_without_its_key_is_given_up() -> None:
    world = World()
    world.obtain()
    world.store.delete("orders/mail.example.org+ecdsa-p256/memory/key.pem")
    world.obtain()
    assert len(world.ca.orders) == 2


def test_an_order_at_one_ca_outlives_an_attempt_with_another() -> None:
    world, other = World(), World()
    world.ca.processing_polls = 10_000
    with pytest.raises(AcmeProblem, match="not done with the order") as caught:
        world.obtain()
    assert (caught.value.type, caught.value.kind) == ("timeout", Kind.PASSING)
    other.obtain(MAIL)
    elsewhere = MemorySession(other.ca)
    elsewhere.issuer = dataclasses.replace(elsewhere.issuer, name="other")
    world.obtain(session=elsewhere)
    world.ca.orders["https://ca.invalid/order/0"]["polls"] = 0
    world.obtain()
    assert (len(world.ca.orders), len(other.ca.orders)) == (1, 2)


def test_an_order_the_ca_has_forgotten_is_placed_anew() -> None:
    world = World()
    with pytest.raises(Killed):
        world.obtain(session=MemorySession(world.ca, crash_at=1))
    world.ca.orders.clear()
    world.obtain()
    assert "once more, with a new order" in world.steps


def test_two_keys_never_share_an_order() -> None:
    """Let's Encrypt gives an open order again to whoever asks for the same names."""
    world = World()
    world.ca.is_order_reused = True
    with pytest.raises(Killed):
        world.obtain(MAIL, MemorySession(world.ca, crash_at=1))
    rsa = Lineage(certificate="mail.example.org", key_type=KeyType.RSA_2048)
    need = dataclasses.replace(MAIL, lineage=rsa, key_type=KeyType.RSA_2048)
    with pytest.raises(AcmeProblem, match="same names") as caught:
        world.obtain(need)
    assert caught.value.kind is Kind.PASSING
    world.obtain(MAIL)
    world.obtain(need)
    assert len(world.ca.orders) == len(world.ca.certificates) == 2


def test_types_that_fail_give_way_and_are_remembered() -> None:
    world = World()
    world.ca.bad = {"tls-alpn-01", "http-01"}
    world.obtain(MAIL)
    assert len(world.ca.orders) == 3
    assert world.tally.failed == ["mail.example.org"] * 2
    assert world.tally.orders == [False] * 3
    discard(world.store, LINEAGE)
    world.obtain(MAIL)
    assert len(world.ca.orders) == 4


def test_when_every_type_fails_the_last_failure_is_told_and_nothing_stays() -> None:
    world = World()
    world.ca.bad = {"tls-alpn-01", "http-01", "dns-01"}
    with pytest.raises(AcmeProblem, match=r"mail\.example\.org by dns-01: no") as caught:
        world.obtain(MAIL)
    assert [one.identifier for one in caught.value.subproblems] == ["mail.example.org"]
    assert world.store.list("orders") == []
    assert all(solver.up == [] for solver in world.solvers.values())


def test_what_no_other_type_could_change_is_not_tried_again() -> None:
    world = World()
    world.ca.bad, world.ca.error = {"tls-alpn-01"}, "caa"
    with pytest.raises(AcmeProblem, match="caa"):
        world.obtain(MAIL)
    assert len(world.ca.orders) == 1
    assert ChallengeMemory(world.store, world.clock).recall("mail.example.org").failed == {}


def test_open_authorizations_of_a_failed_order_are_given_up() -> None:
    world = World()
    world.ca.bad = {"tls-alpn-01", "http-01", "dns-01"}
    with pytest.raises(AcmeProblem):
        world.obtain()
    statuses = {one["status"] for one in world.ca.authorizations.values()}
    assert "pending" not in statuses


def test_a_path_that_does_not_work_here_costs_no_order() -> None:
    world = World(solvers=recording_solvers(ChallengeType.TLS_ALPN_01))
    world.obtain(MAIL)
    assert len(world.ca.orders) == 1
    assert not [line for line in world.ca.log if "challenge" in line and "tls-alpn" in line]


def test_without_any_path_the_order_waits() -> None:
    world = World(solvers=recording_solvers(*ChallengeType))
    with pytest.raises(AcmeProblem, match=r"tls-alpn-01: it is broken\. Mend it\.;.*dns-01"):
        world.obtain(MAIL)
    world.solvers = recording_solvers()
    world.obtain(MAIL)
    assert len(world.ca.orders) == 1


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        ("wrong_key", "not signed by the one after it"),
        ("no_intermediates", "own certificate is missing"),
        ("other_names", "other names"),
        ("other_key", "the key belongs to another certificate"),
        ("expired", "expired at"),
        ("no_server_auth", "not for TLS servers"),
        ("garbage", "the certificate cannot be used"),
    ],
)
def test_what_cannot_be_served_is_given_up(chain: str, words: str) -> None:
    world = World()
    world.ca.chain = chain
    with pytest.raises(AcmeProblem, match=words) as caught:
        world.obtain()
    assert (caught.value.type, caught.value.kind) == ("chain", Kind.ORDER)
    world.ca.chain = "good"
    world.obtain()
    assert len(world.ca.orders) == 2


def test_what_cannot_be_served_yet_is_fetched_again_later() -> None:
    world = World()
    world.ca.chain = "future"
    with pytest.raises(AcmeProblem, match="is our clock right") as caught:
        world.obtain()
    assert caught.value.kind is Kind.PASSING
    world.clock.pass_by(2 * 86400)
    world.obtain()
    assert len(world.ca.orders) == 1


@pytest.mark.parametrize("preferred", ["Fake Root 3", "Fake Intermediate", "nobody"])
def test_the_preferred_chain_when_there_is_one(preferred: str) -> None:
    world = World()
    session = MemorySession(world.ca)
    session.issuer = dataclasses.replace(session.issuer, preferred_chain=preferred)
    issued = world.obtain(session=session)
    chains = world.ca.certificates[issued.order_url]
    assert issued.chain_pem == chains[2 if preferred == "Fake Root 3" else 0]
