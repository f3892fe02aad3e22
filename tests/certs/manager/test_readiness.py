"""When somebody who only asks "are you well?" is to be told no."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from certs.manager.readiness import why_not_ready
from certs.manager.status import CertificateStatus
from certs.spec import KeyType

NOW = datetime(2026, 11, 24, tzinfo=UTC)
GOOD = CertificateStatus(
    certificate="mail.example.org",
    key_type=KeyType.ECDSA_P256,
    names=("mail.example.org",),
    source="acme",
    not_before=NOW - timedelta(days=45),
    not_after=NOW + timedelta(days=45),
    is_served=True,
)


@pytest.mark.parametrize(
    "status",
    [
        GOOD,
        replace(GOOD, is_served=None),
        replace(GOOD, failures=9, last_error="the CA is away"),
        replace(GOOD, not_after=NOW + timedelta(hours=1)),
    ],
    ids=["good", "nobody looked", "failing with weeks left", "about to be renewed"],
)
def test_all_is_well(status: CertificateStatus) -> None:
    assert why_not_ready([status], NOW) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (replace(GOOD, is_bootstrap=True, not_after=None), "none was obtained yet"),
        (replace(GOOD, is_bootstrap=True, last_error="no way"), "is served, no way"),
        (replace(GOOD, not_after=NOW), "it expired at 2026-11-24 00:00 UTC"),
        (replace(GOOD, is_served=False), "listeners serve another certificate"),
        (
            replace(GOOD, failures=3, last_error="no way", not_after=NOW + timedelta(hours=9)),
            "cannot be renewed (no way) and ends at 2026-11-24 09:00 UTC",
        ),
    ],
    ids=["bootstrap", "failing bootstrap", "expired", "not served", "last call"],
)
def test_it_is_not(status: CertificateStatus, words: str) -> None:
    (reason,) = why_not_ready([GOOD, status], NOW)
    assert reason.startswith("mail.example.org (ecdsa-p256): ")
    assert words in reason
