"""ACME renewal information (RFC 9773): the CA's window, the moment picked in it, the next question.

The state belongs to one certificate, by its id: what was said of another one never counts.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from certs.renewal.validity import Moment, Validity, words

_LEAST_WAIT_S: Final = 60.0
_LONGEST_WAIT_S: Final = 86_400.0
_USUAL_WAIT_S: Final = 21_600.0
"""Where the CA names no time, and after an error that will not pass soon (section 4.3)."""
_SPREAD: Final = 0.1
"""So that the questions of many certificates, asked at once after a start, drift apart."""
_CLOCK_NOISE: Final = timedelta(minutes=1)


class Window(Struct, frozen=True, kw_only=True):
    """When the CA would like the certificate to be renewed. May be nonsense: see `fault`."""

    start: Moment
    end: Moment


class RenewalInfo(Struct, frozen=True, kw_only=True):
    """One answer of the CA. `explanation_url` is bounded and fit to be shown."""

    window: Window
    explanation_url: str | None = None
    retry_after_s: float | None = None


class AriState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one certificate; stored within `certs.renewal.state.LineageState`."""

    cert_id: str
    asked_at: Moment
    ask_again_at: Moment
    window: Window | None = None
    """The last one that was not nonsense."""
    explanation_url: str | None = None
    picked_at: Moment | None = None
    """The moment in `window` at which to renew, chosen once; None: not chosen yet."""
    errors: int = 0
    """Questions in a row without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What an answer changes. `state` is to be stored."""

    state: AriState
    is_moved: bool
    """The window is another than the last time: people are told, with the explanation's address."""
    refused: str | None
    """Why the window does not count, in words."""


def fault(window: Window, certificate: Validity) -> str | None:
    """Say why a window cannot be followed; None: it can (one in the past can: renew now)."""
    if window.end <= window.start:
        return "the renewal window ends before it starts"
    if window.end > certificate.not_after:
        return f"the renewal window ends after the certificate, at {words(window.end)}"
    if window.end <= certificate.not_before:
        # An answer about an earlier certificate would renew this one for ever.
        return f"the renewal window ended before the certificate began, at {words(window.end)}"
    return None


def pick(window: Window, rng: random.Random) -> datetime:
    """Choose a moment, uniformly (section 4.2). It may be past: then the time to renew is now."""
    return window.start + rng.random() * (window.end - window.start)


def after_reply(
    before: AriState | None,
    reply: RenewalInfo,
    certificate: Validity,
    *,
    now: datetime,
    rng: random.Random,
) -> Merged:
    """Take in an answer.

    The moment picked stays while the window does; a window that is nonsense counts as no answer:
    what was known before goes on to hold.
    """
    known = before if before is not None and before.cert_id == certificate.cert_id else None
    state = _asked(known, certificate, now, _wait_s(reply.retry_after_s, rng), errors=0)
    refused = fault(reply.window, certificate)
    if refused is not None:
        return Merged(state=state, is_moved=False, refused=refused)
    is_known = known is not None and known.window is not None
    is_same = state.window == reply.window
    state = replace(
        state,
        window=reply.window,
        explanation_url=reply.explanation_url,
        picked_at=state.picked_at if is_same else None,
    )
    return Merged(state=state, is_moved=is_known and not is_same, refused=None)


def after_error(
    before: AriState | None,
    certificate: Validity,
    *,
    is_passing: bool,
    retry_after_s: float | None,
    now: datetime,
    rng: random.Random,
) -> AriState:
    """Take in that there was no answer; what was known before goes on to hold.

    `is_passing`: timeouts, 5xx and 429 are asked again after 1, 2, 4 … minutes; anything else after
    6 hours. The CA's Retry-After wins upward. Never leads to the CA not being asked any more.
    """
    known = before if before is not None and before.cert_id == certificate.cert_id else None
    errors = (known.errors if known is not None else 0) + 1
    wait_s = _USUAL_WAIT_S
    if is_passing:
        wait_s = min(_USUAL_WAIT_S, _LEAST_WAIT_S * 2.0 ** min(errors - 1, 16))
    wait_s = _wait_s(max(wait_s, retry_after_s or 0.0), rng)
    return _asked(known, certificate, now, wait_s, errors=errors)


def is_called_back(state: AriState, now: datetime) -> bool:
    """Whether the CA wants it gone: the window is past and an explanation is given.

    That is how a revocation, done or to come, is learned of; there is no other notice.
    """
    return (
        state.window is not None and state.window.end <= now and state.explanation_url is not None
    )


def ask_at(state: AriState | None, certificate: Validity, now: datetime) -> datetime | None:
    """When the CA is to be asked next: `now` or later; None: never, the certificate has expired.

    Only ever about the certificate in use: one that was replaced has no place here.
    """
    if now >= certificate.not_after:
        return None
    if state is None or state.cert_id != certificate.cert_id:
        return now
    if now < state.asked_at - _CLOCK_NOISE:
        return now  # The clock was put back: what it said before means nothing.
    at = max(now, state.ask_again_at)
    return at if at < certificate.not_after else None


def _wait_s(retry_after_s: float | None, rng: random.Random) -> float:
    """Spread, and clamp as section 4.3 advises."""
    wait_s = _USUAL_WAIT_S if retry_after_s is None else retry_after_s
    return min(_LONGEST_WAIT_S, max(_LEAST_WAIT_S, wait_s) * rng.uniform(1.0, 1.0 + _SPREAD))


def _asked(
    known: AriState | None, certificate: Validity, now: datetime, wait_s: float, *, errors: int
) -> AriState:
    again_at = now + timedelta(seconds=wait_s)
    if known is None:
        return AriState(
            cert_id=certificate.cert_id, asked_at=now, ask_again_at=again_at, errors=errors
        )
    return replace(known, asked_at=now, ask_again_at=again_at, errors=errors)
