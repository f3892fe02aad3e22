"""What is printed: distances, fields of any shape, events, and nothing that moves a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli.cert.words import clean, distance, event_words, fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "in 0 seconds"),
        (1, "in 1 second"),
        (119, "in 119 seconds"),
        (120, "in 2 minutes"),
        (-7199, "119 minutes ago"),
        (36 * 3600, "in 36 hours"),
        (-2 * 86400, "2 days ago"),
        (45.9 * 86400, "in 45 days"),
    ],
)
def test_distances(seconds: float, words: str) -> None:
    assert distance(seconds) == words


@given(JSON)
def test_any_answer_can_be_shown(value: object) -> None:
    for line in fields(value):
        assert line.isprintable()


@given(st.dictionaries(st.text(max_size=9), JSON))
def test_any_event_can_be_shown(event: dict[str, object]) -> None:
    assert event_words(event).isprintable()


def test_texts_are_bounded() -> None:
    assert len(clean("x" * 10_000)) < 700
    assert clean("a\x1b[31m\r\nb") == "a [31m  b"
