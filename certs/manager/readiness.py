"""Whether clients get what they should: for readiness probes, and for whoever watches them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from certs.manager.status import CertificateStatus
from certs.renewal.thresholds import FRACTIONS

_LAST_CALL: Final = FRACTIONS[1]
"""With so little of its life left, a certificate that cannot be renewed is a person's business."""


def why_not_ready(statuses: Iterable[CertificateStatus], now: datetime) -> list[str]:
    """Why not all is well, in words; empty: it is. One for each certificate and kind of key.

    A renewal that fails with weeks left is none: it is in the status, and told as an event.
    """
    found = ((status, _reason(status, now)) for status in statuses)
    return [
        f"{status.certificate} ({status.key_type.value if status.key_type else '-'}): {reason}"
        for status, reason in found
        if reason is not None
    ]


def _reason(status: CertificateStatus, now: datetime) -> str | None:
    if status.is_bootstrap or status.not_after is None or status.not_before is None:
        why = status.last_error or "none was obtained yet"
        return f"a self-signed certificate is served, {why}"
    if status.not_after <= now:
        return f"it expired at {status.not_after:%Y-%m-%d %H:%M} UTC"
    if status.is_served is False:
        return "listeners serve another certificate than the one that is stored"
    left = (status.not_after - now) / (status.not_after - status.not_before)
    if status.failures and left < _LAST_CALL:
        until = f"{status.not_after:%Y-%m-%d %H:%M} UTC"
        return f"it cannot be renewed ({status.last_error}) and ends at {until}"
    return None
