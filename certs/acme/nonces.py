"""Anti-replay nonces (RFC 8555 section 6.5): kept until used, the newest first, not for long."""

import re
from collections import deque
from collections.abc import Mapping
from typing import Final

from certs.clock import Clock

MAX_AGE_S: Final = 3600.0
"""CAs forget: an old one costs a round trip, as fetching a new one does."""
MAX_KEPT: Final = 32
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{1,512}")


def nonce_of(headers: Mapping[str, str]) -> str | None:
    """The nonce that a reply brings, verbatim; None when it is not base64url (section 6.5.1)."""
    nonce = headers.get("replay-nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else None


class NoncePool:
    """Nonces of one CA. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[tuple[float, str]] = deque(maxlen=MAX_KEPT)

    def put(self, nonce: str) -> None:
        """Keep one; the oldest goes when there are too many."""
        self._kept.append((self._clock.monotonic(), nonce))

    def take(self) -> str | None:
        """The newest one, which is then gone; None when there is none young enough."""
        if not self._kept:
            return None
        kept_at, nonce = self._kept.pop()
        if self._clock.monotonic() - kept_at <= MAX_AGE_S:
            return nonce
        self.clear()
        return None

    def clear(self) -> None:
        """Forget all: the CA has refused one, and the others are older than that."""
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
