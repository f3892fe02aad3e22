"""The renewal decision: is it due, if not when, and why, in words."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from certs.renewal.ari import AriState, fault, pick
from certs.renewal.validity import Validity, words

_LAST_PART: Final = 1 / 20
_SHORT_LIFETIME_S: Final = 10 * 86_400.0
_LEFT_WHEN_DUE: Final = 1 / 3
_LEFT_WHEN_DUE_SHORT: Final = 1 / 2
_JITTER: Final = 0.02


class Action(StrEnum):
    """What to do."""

    WAIT = "wait"
    OBTAIN = "obtain"
    """There is nothing to renew."""
    RENEW = "renew"
    EMERGENCY = "emergency"
    """Renew, and tell: it should have happened long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and when it is or was due."""

    action: Action
    renew_at: datetime
    """When it is due: later than `now` with WAIT, not with the others."""
    reason: str
    """Why then, for an operator: `cert list` shows it."""
    ari: AriState | None = None
    """What was given, with the moment picked: to be stored when it differs."""

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        return self.action is not Action.WAIT


def obtain(reason: str, now: datetime) -> Decision:
    """Decide for a lineage that has no certificate to renew; `reason` says why in words.

    A certificate that is missing is obtained, not renewed.
    """
    return Decision(action=Action.OBTAIN, renew_at=now, reason=reason)


def decide(
    certificate: Validity, ari: AriState | None, now: datetime, rng: random.Random
) -> Decision:
    """Decide about a certificate.

    The CA's window comes first: earlier or later than our own rule. Without one it is due with a
    third of its life left (half, under 10 days), give or take a fiftieth of the lifetime that is
    the same on every call. The last twentieth of its life overrules both.

    `ari` of another certificate is ignored. A window without a picked moment gets one, in the
    result's `ari`.
    """
    ari, due_at, reason = _planned(certificate, ari, rng)
    last_part_at = certificate.moment(_LAST_PART)
    if now >= certificate.not_after:
        action, due_at = Action.EMERGENCY, min(due_at, last_part_at)
        reason = f"it expired at {words(certificate.not_after)}"
    elif now >= last_part_at:
        action, due_at = Action.EMERGENCY, min(due_at, last_part_at)
        reason = f"less than 1/20 of its life is left, until {words(certificate.not_after)}"
    elif due_at <= now:
        action = Action.RENEW
    else:
        action = Action.WAIT
        if due_at > last_part_at:
            reason = f"the last 1/20 of its life begins then, though {reason}"
            due_at = last_part_at
    return Decision(action=action, renew_at=due_at, reason=reason, ari=ari)


def _planned(
    certificate: Validity, ari: AriState | None, rng: random.Random
) -> tuple[AriState | None, datetime, str]:
    """Say when it is due with all of life before it."""
    if ari is not None and ari.cert_id != certificate.cert_id:
        ari = None
    # Looked at again: what is stored may have been written by an earlier release.
    if ari is None or ari.window is None or fault(ari.window, certificate) is not None:
        return ari, *_by_lifetime(certificate)
    window = ari.window
    picked_at = ari.picked_at
    if picked_at is None or not window.start <= picked_at <= window.end:
        picked_at = pick(window, rng)
        ari = replace(ari, picked_at=picked_at)
    reason = f"the CA asks for it between {words(window.start)} and {words(window.end)}"
    if ari.explanation_url is not None:
        reason = f"{reason}, see {ari.explanation_url}"
    return ari, picked_at, reason


def _by_lifetime(certificate: Validity) -> tuple[datetime, str]:
    is_short = certificate.lifetime_s < _SHORT_LIFETIME_S
    left = _LEFT_WHEN_DUE_SHORT if is_short else _LEFT_WHEN_DUE
    reason = f"about {'1/2' if is_short else '2/3'} of its life is over then"
    return certificate.moment(left + _JITTER * _lot(certificate)), reason


def _lot(certificate: Validity) -> float:
    """A number in [-1, 1] that this certificate always draws."""
    digest = hashlib.sha256(certificate.cert_id.encode()).digest()
    return int.from_bytes(digest[:8]) / (2**63) - 1.0
