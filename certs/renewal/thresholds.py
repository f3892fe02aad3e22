"""When to warn that a certificate is about to expire: once for each step down."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from certs.renewal.validity import Validity

EXPIRED: Final = 0.0
FRACTIONS: Final = (1 / 4, 1 / 10, 1 / 20, EXPIRED)
"""Of life left. All lie behind the moment of renewal: reaching one means that something fails."""


class Warned(Struct, frozen=True, kw_only=True):
    """The last step that was told of, and for which certificate."""

    cert_id: str
    fraction: float


def to_warn(certificate: Validity, warned: Warned | None, now: datetime) -> Warned | None:
    """Say which step is to be told of now, for the state; None: none that was not told.

    Of several steps reached since the last look only the lowest is told. A clock that was put back
    tells nothing twice.
    """
    left = certificate.fraction_left(now)
    reached = min((step for step in FRACTIONS if left <= step), default=None)
    if reached is None:
        return None
    is_same = warned is not None and warned.cert_id == certificate.cert_id
    if is_same and warned is not None and warned.fraction <= reached:
        return None
    return Warned(cert_id=certificate.cert_id, fraction=reached)
