"""Times in headers mean the same in every time zone, and are never believed beyond reason."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.acme.retryafter import MAX_RETRY_AFTER_S, http_date, retry_after_s

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["UTC0", "EST5EDT,M3.2.0,M11.1.0", "NZST-12"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 01 Mar 2026 13:00:00 GMT",
        "Sunday, 01-Mar-26 13:00:00 GMT",
        "Sun Mar  1 13:00:00 2026",
        "Sun, 01 Mar 2026 13:00:00 -0000",
        "Sun, 01 Mar 2026 08:00:00 -0500",
    ],
)
def test_an_hour_ahead_is_an_hour_everywhere(zone: str, date: str) -> None:
    assert http_date(date) == NOW + timedelta(hours=1)
    assert retry_after_s(date, now=NOW) == 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 5000, MAX_RETRY_AFTER_S),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2926 11:00:00 GMT", MAX_RETRY_AFTER_S),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Sun, 01 Mar 99999 11:00:00 GMT", None),
    ],
)
def test_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, now=NOW) == seconds


@given(st.text(max_size=80))
def test_nothing_else_comes_out(value: str) -> None:
    seconds = retry_after_s(value, now=NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


@given(
    st.integers(0, 9999),
    st.sampled_from(["Mon", "Xyz", ""]),
    st.integers(0, 99),
    st.sampled_from(["GMT", "+9999", "-0000", "EST", "+99999999"]),
)
def test_odd_dates_do_no_harm(year: int, day: str, hour: int, zone: str) -> None:
    value = f"{day}, 31 Dec {year:04} {hour:02}:59:60 {zone}"
    seconds = retry_after_s(value, now=NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S
