"""The life of a certificate, in the fractions that every rule here is written in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta

Moment = Annotated[datetime, Meta(tz=True)]
"""A stored time: aware, UTC."""

_LEAST_LIFETIME_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """What a renewal decision needs to know of a certificate. Times are aware and UTC."""

    cert_id: str
    """RFC 9773 section 4.1; where it has none, anything that no other certificate has."""
    not_before: datetime
    not_after: datetime

    @property
    def lifetime_s(self) -> float:
        """From one end to the other; at least a second, so that fractions of it are numbers."""
        return max(_LEAST_LIFETIME_S, (self.not_after - self.not_before).total_seconds())

    def left_s(self, now: datetime) -> float:
        """What is left of it; negative after its end."""
        return (self.not_after - now).total_seconds()

    def fraction_left(self, now: datetime) -> float:
        """1 at its start, 0 at its end, beyond that outside of them."""
        return self.left_s(now) / self.lifetime_s

    def moment(self, fraction_left: float) -> datetime:
        """When this fraction is left."""
        return self.not_after - timedelta(seconds=fraction_left * self.lifetime_s)


def words(at: datetime) -> str:
    """Write a time for people: `2026-03-01 04:05:06 UTC`."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
