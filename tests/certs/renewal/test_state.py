"""What is remembered of a lineage over restarts."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certs.acme.problem import Kind
from certs.renewal.ari import AriState, Window
from certs.renewal.state import (
    LineageState,
    adopt,
    after_failure,
    after_success,
    decode_lineage,
    encode_lineage,
    settled,
    state_key,
)
from certs.renewal.thresholds import Warned
from certs.renewal.validity import Validity
from certs.spec import KeyType, Lineage

NOW = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=UTC)
DAY = timedelta(days=1)
CERTIFICATE = Validity(cert_id="aki.1", not_before=NOW - 60 * DAY, not_after=NOW + 30 * DAY)
NEXT = Validity(cert_id="aki.2", not_before=NOW, not_after=NOW + 90 * DAY)


def failed(state: LineageState, issuer: str = "first", detail: str = "no") -> LineageState:
    return after_failure(
        state,
        issuer=issuer,
        kind=Kind.ORDER,
        detail=detail,
        retry_after_s=None,
        certificate=CERTIFICATE,
        now=NOW,
        rng=random.Random(1),
    )


def full() -> LineageState:
    return replace(
        failed(failed(failed(LineageState(wanted="w"))), "second"),
        ari=AriState(
            cert_id="aki.1",
            asked_at=NOW,
            ask_again_at=NOW + DAY,
            window=Window(start=NOW, end=NOW + DAY),
            picked_at=NOW + DAY / 3,
        ),
        warned=Warned(cert_id="aki.1", fraction=0.25),
        next_attempt_at=NOW + DAY,
        next_reason="because",
    )


def test_a_failure_counts_for_its_issuer() -> None:
    state = full()
    assert state.failure_count == 3
    assert (state.failures["first"].count, state.failures["second"].count) == (2, 1)
    assert state.last_error is not None
    assert (state.last_error.issuer, state.issuer) == ("second", "second")


def test_a_success_ends_what_was_known_of_the_old_one() -> None:
    state = after_success(full(), issuer="second", certificate=NEXT, now=NOW + DAY)
    assert (state.ari, state.failures, state.warned) == (None, {}, None)
    assert (state.issuer, state.last_success_at) == ("second", NOW + DAY)
    assert state.last_error is not None
    assert state.issuances.spent == 1


def test_who_corrects_the_configuration_does_not_wait() -> None:
    state = after_success(full(), issuer="first", certificate=NEXT, now=NOW)
    assert adopt(state, "w") is state
    adopted = adopt(failed(state), "other names")
    assert (adopted.failures, adopted.issuances.spent, adopted.wanted) == ({}, 0, "other names")


def test_texts_are_bounded() -> None:
    error = failed(LineageState(), detail="x" * 9_000).last_error
    assert error is not None
    assert len(error.detail) == 500


def test_the_file() -> None:
    assert decode_lineage(encode_lineage(full())) == full()
    lineage = Lineage(certificate="*.example.org", key_type=KeyType.RSA_2048)
    assert state_key(lineage) == "state/_.example.org+rsa-2048.json"


def test_a_file_of_a_later_release_with_more_in_it() -> None:
    assert decode_lineage(b'{"wanted":"w","colour":{"of":"sky"}}') == LineageState(wanted="w")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"\xff\xfe", b'{"next_attempt_at":"2026-03-01T00:00:00"}']
)
def test_a_file_that_cannot_be_understood(raw: bytes) -> None:
    assert decode_lineage(raw) is None


@given(st.binary(max_size=200))
def test_no_file_raises(raw: bytes) -> None:
    decode_lineage(raw)


def test_a_clock_that_was_put_back() -> None:
    state = after_success(LineageState(), issuer="first", certificate=NEXT, now=NOW + 400 * DAY)
    assert settled(state, NOW).issuances.at == NOW
    assert settled(state, NOW + 500 * DAY) is state
