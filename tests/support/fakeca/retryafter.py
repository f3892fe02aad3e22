"""Retry-After in both forms (RFC 9110 section 10.2.3)."""

import time
from email.utils import formatdate

from tests.support.fakeca.faults import RetryAfter


def retry_after(wanted: RetryAfter) -> str:
    """The header's value: seconds, or the date so far from now."""
    if wanted.is_date:
        return formatdate(time.time() + wanted.seconds, usegmt=True)
    return str(wanted.seconds)
