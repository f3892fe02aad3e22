"""Nonces: the newest first, never twice, not old ones, not too many."""

import pytest

from certs.acme.nonces import MAX_AGE_S, MAX_KEPT, NoncePool, nonce_of
from tests.support.patient_clock import PatientClock


def test_the_newest_first_and_each_once() -> None:
    pool = NoncePool(PatientClock())
    for nonce in ("a", "b", "c"):
        pool.put(nonce)
    assert [pool.take() for _ in range(4)] == ["c", "b", "a", None]


def test_old_ones_are_forgotten_all_together() -> None:
    clock = PatientClock()
    pool = NoncePool(clock)
    pool.put("older")
    pool.put("old")
    clock.pass_by(MAX_AGE_S + 1)
    pool.put("young")
    assert pool.take() == "young"
    assert pool.take() is None
    assert len(pool) == 0


def test_bounded() -> None:
    pool = NoncePool(PatientClock())
    for number in range(MAX_KEPT * 3):
        pool.put(str(number))
    assert len(pool) == MAX_KEPT
    assert pool.take() == str(MAX_KEPT * 3 - 1)


@pytest.mark.parametrize(
    ("header", "nonce"),
    [
        ("oFvnlFP1wIhRlYS2jTaXbA", "oFvnlFP1wIhRlYS2jTaXbA"),
        ("A", "A"),  # no base64url of anything, but of its alphabet: it goes back as it came
        ("", None),
        ("a b", None),
        ("a+/=", None),
        ("x" * 513, None),
    ],
)
def test_only_of_the_alphabet(header: str, nonce: str | None) -> None:
    assert nonce_of({"replay-nonce": header}) == nonce


def test_none_at_all() -> None:
    assert nonce_of({}) is None
