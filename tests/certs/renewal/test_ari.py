"""The CA's renewal window: which ones count, what is kept, when the CA is asked again."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.renewal.ari import (
    AriState,
    Merged,
    RenewalInfo,
    Window,
    after_error,
    after_reply,
    ask_at,
    fault,
    is_called_back,
)
from certs.renewal.decide import decide
from certs.renewal.validity import Validity

START = datetime(2026, 3, 1, tzinfo=UTC)
CERTIFICATE = Validity(cert_id="aki.1", not_before=START, not_after=START + timedelta(days=90))
NEXT = Validity(cert_id="aki.2", not_before=START, not_after=START + timedelta(days=90))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def window(start: timedelta, end: timedelta) -> Window:
    return Window(start=START + start, end=START + end)


USUAL = window(60 * DAY, 61 * DAY)


def told(
    before: AriState | None,
    answer: Window,
    *,
    retry_after_s: float | None = 21_600.0,
    certificate: Validity = CERTIFICATE,
    at: datetime = START,
    url: str | None = None,
) -> Merged:
    reply = RenewalInfo(window=answer, retry_after_s=retry_after_s, explanation_url=url)
    return after_reply(before, reply, certificate, now=at, rng=random.Random(7))


def picked(state: AriState) -> AriState:
    ari = decide(CERTIFICATE, state, START, random.Random(3)).ari
    assert ari is not None
    return ari


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (USUAL, None),
        (window(-DAY, HOUR), None),
        (window(61 * DAY, 60 * DAY), "ends before it starts"),
        (window(60 * DAY, 60 * DAY), "ends before it starts"),
        (window(89 * DAY, 90 * DAY), None),
        (window(89 * DAY, 90 * DAY + HOUR), "ends after the certificate"),
        (window(-2 * DAY, timedelta()), "before the certificate began"),
    ],
)
def test_which_windows_count(answer: Window, words: str | None) -> None:
    found = fault(answer, CERTIFICATE)
    assert found is None if words is None else words in (found or "")


def test_the_moment_stays_while_the_window_does() -> None:
    first = told(None, USUAL)
    assert (first.is_moved, first.refused, first.state.picked_at) == (False, None, None)
    known = picked(first.state)
    again = told(known, USUAL, at=START + 6 * HOUR)
    assert not again.is_moved
    assert again.state.picked_at == known.picked_at is not None
    assert again.state.ask_again_at > known.ask_again_at


def test_a_window_that_moved_says_so_and_gets_a_moment_of_its_own() -> None:
    known = picked(told(None, USUAL).state)
    moved = told(known, window(DAY, 2 * DAY), url="https://ca.example/incident")
    assert moved.is_moved
    assert moved.state.picked_at is None
    assert moved.state.explanation_url == "https://ca.example/incident"


def test_an_inverted_window_is_no_answer() -> None:
    known = picked(told(None, USUAL).state)
    answer = told(known, window(3 * DAY, 2 * DAY), at=START + HOUR)
    assert answer.refused is not None
    assert not answer.is_moved
    assert (answer.state.window, answer.state.picked_at) == (USUAL, known.picked_at)
    assert answer.state.ask_again_at > known.ask_again_at


def test_the_window_of_the_certificate_before_is_forgotten() -> None:
    known = picked(told(None, USUAL).state)
    answer = told(known, window(55 * DAY, 56 * DAY), certificate=NEXT)
    assert not answer.is_moved
    assert (answer.state.cert_id, answer.state.picked_at) == ("aki.2", None)
    assert ask_at(known, NEXT, START) == START


@pytest.mark.parametrize(
    ("retry_after_s", "least", "most"),
    [
        (0.0, timedelta(minutes=1), timedelta(minutes=1.1)),
        (-5.0, timedelta(minutes=1), timedelta(minutes=1.1)),
        (21_600.0, 6 * HOUR, 6.6 * HOUR),
        (None, 6 * HOUR, 6.6 * HOUR),
        (86_400.0 * 30, DAY, DAY),
    ],
)
def test_when_it_is_asked_again(
    retry_after_s: float | None, least: timedelta, most: timedelta
) -> None:
    state = told(None, USUAL, retry_after_s=retry_after_s).state
    at = ask_at(state, CERTIFICATE, START)
    assert at is not None
    assert START + least <= at <= START + most


def failed(
    before: AriState | None, *, is_passing: bool, retry_after_s: float | None = None
) -> AriState:
    return after_error(
        before,
        CERTIFICATE,
        is_passing=is_passing,
        retry_after_s=retry_after_s,
        now=START,
        rng=random.Random(1),
    )


def test_errors_that_pass_are_asked_again_soon_then_less_often() -> None:
    state, waits = None, []
    for _ in range(12):
        state = failed(state, is_passing=True)
        waits.append(state.ask_again_at - START)
    assert waits == sorted(waits)
    assert timedelta(minutes=1) <= waits[0] <= timedelta(minutes=1.1)
    assert 6 * HOUR <= waits[-1] <= 6.6 * HOUR
    assert state is not None
    assert told(state, USUAL).state.errors == 0


def test_errors_that_stay_are_asked_again_after_six_hours_and_lose_nothing() -> None:
    known = picked(told(None, USUAL).state)
    state = failed(known, is_passing=False)
    assert 6 * HOUR <= state.ask_again_at - START <= 6.6 * HOUR
    assert (state.window, state.picked_at) == (USUAL, known.picked_at)


def test_retry_after_of_an_error_wins_upward() -> None:
    state = failed(None, is_passing=True, retry_after_s=7200.0)
    assert 2 * HOUR <= state.ask_again_at - START <= 2.2 * HOUR


def test_never_asked_about_after_expiry() -> None:
    state = told(None, USUAL).state
    assert ask_at(state, CERTIFICATE, CERTIFICATE.not_after) is None
    assert ask_at(None, CERTIFICATE, CERTIFICATE.not_after + DAY) is None
    # Nor is a question planned for then.
    late = told(None, USUAL, retry_after_s=86_400.0, at=CERTIFICATE.not_after - HOUR).state
    assert ask_at(late, CERTIFICATE, CERTIFICATE.not_after - HOUR) is None


def test_a_clock_that_was_put_back_does_not_silence_the_question() -> None:
    state = told(None, USUAL, at=START + 80 * DAY).state
    assert ask_at(state, CERTIFICATE, START + DAY) == START + DAY


def test_called_back() -> None:
    explained = told(None, window(DAY, DAY + HOUR), url="https://ca.example/incident").state
    assert is_called_back(explained, START + 2 * DAY)
    assert not is_called_back(explained, START + DAY)
    assert not is_called_back(told(None, window(DAY, DAY + HOUR)).state, START + 2 * DAY)


@given(
    retry_after_s=st.none() | st.floats(-1e9, 1e9),
    is_passing=st.booleans(),
    errors=st.integers(0, 10_000),
    seed=st.integers(0, 2**32),
)
def test_the_wait_is_never_less_than_a_minute_nor_more_than_a_day(
    retry_after_s: float | None, is_passing: bool, errors: int, seed: int
) -> None:
    before = AriState(cert_id="aki.1", asked_at=START, ask_again_at=START, errors=errors)
    state = after_error(
        before,
        CERTIFICATE,
        is_passing=is_passing,
        retry_after_s=retry_after_s,
        now=START,
        rng=random.Random(seed),
    )
    assert timedelta(minutes=1) <= state.ask_again_at - START <= DAY
