"""Texts of others become one harmless line."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.challenges.words import MAX_TEXT, os_words, printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  fine  ", "fine"),
        ("two\nlines\r", r"two\nlines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("right-to-left \u202e", r"right-to-left \u202e"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("é", "é"),
    ],
)
def test_printable(text: str | bytes, line: str) -> None:
    assert printable(text) == line


@given(st.text() | st.binary(max_size=3000))
def test_always_one_short_line(text: str | bytes) -> None:
    line = printable(text)
    assert line.isprintable()
    assert len(line) <= MAX_TEXT


def test_a_long_one_is_cut() -> None:
    assert printable("a" * 501) == "a" * 499 + "…"
    assert printable("a" * 500) == "a" * 500


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "anything"), "connection refused"),
        (TimeoutError(), "no answer in time"),
        (OSError("Multiple exceptions: one, two"), "multiple exceptions: one, two"),
        (OSError(), "oserror"),
    ],
)
def test_os_words(error: OSError, words: str) -> None:
    assert os_words(error) == words
