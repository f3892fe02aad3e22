"""Nonces: each good for one request (RFC 8555 section 6.5)."""

import random
import secrets

from tests.support.fakeca.encoding import b64url, unb64url
from tests.support.fakeca.faults import Faults
from tests.support.fakeca.problems import Problem
from tests.support.fakeca.record import Record


class Nonces:
    """Issues and redeems; refuses good ones as often as the faults say."""

    def __init__(self, faults: Faults, record: Record, rng: random.Random) -> None:
        self._faults = faults
        self._record = record
        self._rng = rng
        self._open: set[str] = set()
        self._spent: set[str] = set()
        self._forgotten: set[str] = set()

    def issue(self) -> str:
        nonce = b64url(secrets.token_bytes(16))
        self._open.add(nonce)
        self._record.nonces_issued += 1
        return nonce

    def forget(self) -> None:
        """As after a restart of a CA's front end: all that were handed out are bad now."""
        self._forgotten |= self._open
        self._open.clear()

    def redeem(self, nonce: object) -> None:
        """Raises Problem badNonce. One used twice, or made up, is a violation by the client."""
        try:
            unb64url(nonce)
        except ValueError as error:
            self._record.violations.append("nonce is not base64url")
            raise Problem("malformed", "nonce is not base64url") from error
        assert isinstance(nonce, str)
        if nonce not in self._open:
            if nonce not in self._forgotten:
                self._record.violations.append(
                    "nonce used twice" if nonce in self._spent else "nonce was never issued"
                )
            raise Problem("badNonce", "unknown nonce")
        self._open.remove(nonce)
        self._spent.add(nonce)
        if self._rng.random() < self._faults.nonce_rejection:
            self._record.nonces_rejected += 1
            raise Problem("badNonce", "this nonce is not liked")
