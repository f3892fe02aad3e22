"""Which issuer to try: the preferred one, until life runs short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from certs.renewal.validity import Validity

_SHORT: Final = 1 / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who is to be tried, and when: `now` or later."""

    issuer: str
    at: datetime
    is_second_choice: bool
    """Not the preferred one: said in an event, with the reason."""


def is_life_short(certificate: Validity | None, now: datetime) -> bool:
    """Whether any issuer is better than the preferred one: 1/6 is left, or less, or nothing."""
    return certificate is None or now >= short_at(certificate)


def short_at(certificate: Validity) -> datetime:
    """When life begins to run short."""
    return certificate.moment(_SHORT)


def choose(
    issuers: Sequence[str],
    ready_at: Mapping[str, datetime],
    certificate: Validity | None,
    now: datetime,
) -> Choice:
    """Choose among `issuers`, not empty and in order of preference.

    `ready_at` says from when each may be tried, after back-off and budgets. While life is not
    short, the preferred one; then whoever can be tried first, so that every failure, which makes
    its issuer wait, turns to the next one.
    """
    first = issuers[0]
    candidates = issuers if is_life_short(certificate, now) else issuers[:1]
    best = min(candidates, key=lambda issuer: max(now, ready_at[issuer]))
    return Choice(issuer=best, at=max(now, ready_at[best]), is_second_choice=best != first)
