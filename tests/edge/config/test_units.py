"""Durations and sizes: what is read, what is refused, and that nothing else can come out."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.units import format_duration, parse_duration, parse_size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (0, 0.0),
        (30, 30.0),
        (0.5, 0.5),
        ("30s", 30.0),
        ("1.5s", 1.5),
        ("31m", 1860.0),
        ("24h", 86400.0),
        ("7d", 604800.0),
    ],
)
def test_durations(written: float | str, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", "30", "s", "30 s", "30S", "-30s", "1h30m", "30s\n", "٣s", "1e3s", -1, math.nan, math.inf],
)
def test_no_durations(written: float | str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "size"),
    [(0, 0), (4096, 4096), ("512B", 512), ("64KiB", 65536), ("1MiB", 1048576)],
)
def test_sizes(written: int | str, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize(
    "written", ["", "64", "64KB", "64kib", "64K", "1.5KiB", "-1B", "64KiB\n", "1GiB", -1]
)
def test_no_sizes(written: int | str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(written)


@given(st.text() | st.integers() | st.floats())
def test_a_duration_is_finite_or_refused(written: float | str) -> None:
    try:
        seconds = parse_duration(written)
    except ValueError:
        return
    assert 0 <= seconds < math.inf


@given(st.text() | st.integers())
def test_a_size_is_not_negative_or_refused(written: int | str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_size(written) >= 0


@given(st.integers(0, 10**8))
def test_what_is_shown_can_be_read_again(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds
