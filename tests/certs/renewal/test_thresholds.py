"""Warnings before expiry: each step once."""

from datetime import UTC, datetime, timedelta

import pytest

from certs.renewal.thresholds import EXPIRED, Warned, to_warn
from certs.renewal.validity import Validity

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIFETIME = timedelta(hours=160)


def certificate(left: float, cert_id: str = "aki.1") -> Validity:
    end = NOW + LIFETIME * left
    return Validity(cert_id=cert_id, not_before=end - LIFETIME, not_after=end)


def warned(fraction: float, cert_id: str = "aki.1") -> Warned:
    return Warned(cert_id=cert_id, fraction=fraction)


@pytest.mark.parametrize(
    ("left", "before", "wanted"),
    [
        (0.5, None, None),
        (0.25, None, 0.25),
        (0.2, warned(0.25), None),
        (0.1, warned(0.25), 0.1),
        (0.04, warned(0.1), 0.05),
        # After a long sleep only the lowest is told.
        (0.04, None, 0.05),
        (0.0, warned(0.05), EXPIRED),
        (-2.0, None, EXPIRED),
        (-2.0, warned(EXPIRED), None),
        # Of another certificate.
        (0.2, warned(0.05, "aki.0"), 0.25),
        # The clock was put back.
        (0.2, warned(0.05), None),
    ],
)
def test_steps(left: float, before: Warned | None, wanted: float | None) -> None:
    found = to_warn(certificate(left), before, NOW)
    assert found == (None if wanted is None else warned(wanted))
