"""Retry-After in both forms (RFC 9110 section 10.2.3)."""

from datetime import datetime, timedelta
from email.utils import format_datetime

from tests.support.fakeca.faults import RetryAfter


def retry_after(wanted: RetryAfter, now: datetime) -> str:
    """The header's value: seconds, or the date so far from now."""
    if wanted.is_date:
        return format_datetime(now + timedelta(seconds=wanted.seconds), usegmt=True)
    return str(wanted.seconds)
