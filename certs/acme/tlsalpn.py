"""The challenge type that `acme` no longer has: tls-alpn-01 (RFC 8737), under its own classes.

Importing this module registers them, and the status `expired`, which `acme` does not know either.
"""

import hashlib
from typing import Final

from acme import challenges, messages
from josepy.jwk import JWK

EXPIRED: Final = messages.Status("expired")


@challenges.ChallengeResponse.register
class TlsAlpn01Response(challenges.KeyAuthorizationChallengeResponse):
    """Says that the certificate is in place; `{}` on the wire."""

    typ = "tls-alpn-01"


@challenges.Challenge.register
class TlsAlpn01(challenges.KeyAuthorizationChallenge):
    """Asks for a certificate that carries the digest of the key authorization."""

    response_cls = TlsAlpn01Response
    typ = response_cls.typ

    def validation(self, account_key: JWK, **_: object) -> bytes:
        """What goes into the extension of RFC 8737 section 3: 32 bytes."""
        return hashlib.sha256(self.key_authorization(account_key).encode()).digest()
