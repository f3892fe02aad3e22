"""Which issuer is tried."""

from datetime import UTC, datetime, timedelta

import pytest

from certs.renewal.failover import Choice, choose, is_life_short
from certs.renewal.validity import Validity

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIFETIME, HOUR = timedelta(days=90), timedelta(hours=1)
ISSUERS = ("first", "second", "third")


def certificate(left: float) -> Validity:
    end = NOW + LIFETIME * left
    return Validity(cert_id="aki.1", not_before=end - LIFETIME, not_after=end)


@pytest.mark.parametrize(
    ("left", "hours", "wanted"),
    [
        # Life is long: the preferred one, however long it takes.
        (0.30, (0, 0, 0), ("first", 0)),
        (0.30, (24, 0, 0), ("first", 24)),
        (0.17, (24, 0, 0), ("first", 24)),
        # It runs short: whoever can be tried first, the preferred one among equals.
        (1 / 6, (24, 0, 0), ("second", 0)),
        (0.16, (0, 0, 0), ("first", 0)),
        (0.16, (24, 0, 0), ("second", 0)),
        (0.16, (24, 1, 0), ("third", 0)),
        (0.16, (24, 1, 2), ("second", 1)),
        (-0.5, (24, 1, 2), ("second", 1)),
        # A moment that has passed is no advantage.
        (0.16, (-1, -5, -9), ("first", 0)),
    ],
)
def test_choice(left: float, hours: tuple[int, ...], wanted: tuple[str, int]) -> None:
    ready = {issuer: NOW + HOUR * n for issuer, n in zip(ISSUERS, hours, strict=True)}
    issuer, wait = wanted
    assert choose(ISSUERS, ready, certificate(left), NOW) == Choice(
        issuer=issuer, at=NOW + HOUR * wait, is_second_choice=issuer != "first"
    )


def test_without_a_certificate_any_issuer_will_do() -> None:
    assert is_life_short(None, NOW)
    ready = {"first": NOW + HOUR, "second": NOW}
    assert choose(("first", "second"), ready, None, NOW).issuer == "second"
