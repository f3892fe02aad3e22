"""Times in HTTP headers: aware, in UTC, and never believed beyond reason."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MAX_RETRY_AFTER_S: Final = 366 * 86_400.0
"""No CA means more; the number keeps arithmetic on times harmless."""
_MAX_DIGITS: Final = 12
_MAX_DATE: Final = 64


def http_date(value: str | None) -> datetime | None:
    """A date in any of the three forms of RFC 9110 section 5.6.7; None when it is none.

    A form without a zone is UTC there, whatever the zone of this machine.
    """
    if value is None or len(value) > _MAX_DATE:
        return None
    try:
        moment = parsedate_to_datetime(value.strip())
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return aware


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait from now, of a number of seconds or a date (RFC 9110 section 10.2.3).

    `now` is aware, and best the moment at which the sender wrote the header: then a difference
    between the two clocks does not matter. 0 for a date in the past, None when it says nothing.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:_MAX_DIGITS]), MAX_RETRY_AFTER_S)
    until = http_date(value)
    if until is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)
