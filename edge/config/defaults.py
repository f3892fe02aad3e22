"""What holds when the file does not say: deadlines and caps, and protocols by their ports."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import certs
from edge.config.tree import Limits, Timeouts
from edge.core.protocol import Protocol
from edge.core.proxy.tlv import Tlv

STATE_DIR: Final = "/var/lib/stalwart-edge"
RUNTIME_DIR: Final = "/run/stalwart-edge"
"""What systemd makes of `RuntimeDirectory=stalwart-edge`."""
ADMIN_SOCKET: Final = "admin.sock"
TLVS: Final = tuple(Tlv)

KEY_TYPES: Final = (certs.KeyType.ECDSA_P256,)
ISSUERS: Final = (
    certs.Issuer(
        name="letsencrypt",
        directory=certs.LETS_ENCRYPT,
        staging_directory=certs.LETS_ENCRYPT_STAGING,
    ),
)
TSIG_ALGORITHM: Final = "hmac-sha256"
DNS_PORT: Final = 53

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0


def _timeouts(*, idle_s: float, lifetime_s: float) -> Timeouts:
    return Timeouts(
        setup_s=60.0,
        hello_s=10.0,
        handshake_s=20.0,
        connect_s=5.0,
        greeting_s=30.0,
        idle_s=idle_s,
        half_closed_s=60.0,
        lifetime_s=lifetime_s,
    )


TIMEOUTS: Final[Mapping[Protocol, Timeouts]] = MappingProxyType(
    {
        # Each a little longer than what the protocol grants a client, so that the backend, which
        # can say so in the protocol's words, ends the session first.
        Protocol.SMTP: _timeouts(idle_s=10 * _MINUTE, lifetime_s=2 * _HOUR),
        Protocol.IMAP: _timeouts(idle_s=31 * _MINUTE, lifetime_s=24 * _HOUR),
        Protocol.POP3: _timeouts(idle_s=11 * _MINUTE, lifetime_s=2 * _HOUR),
        Protocol.SIEVE: _timeouts(idle_s=31 * _MINUTE, lifetime_s=4 * _HOUR),
        Protocol.HTTP: _timeouts(idle_s=31 * _MINUTE, lifetime_s=24 * _HOUR),
        Protocol.RAW: _timeouts(idle_s=31 * _MINUTE, lifetime_s=24 * _HOUR),
    }
)

IDLE_FLOORS: Final[Mapping[Protocol, tuple[float, str]]] = MappingProxyType(
    {
        Protocol.SMTP: (5 * _MINUTE, "RFC 5321 section 4.5.3.2.7"),
        Protocol.IMAP: (30 * _MINUTE, "RFC 9051 section 5.4"),
        Protocol.POP3: (10 * _MINUTE, "RFC 1939 section 3"),
        Protocol.SIEVE: (30 * _MINUTE, "RFC 5804"),
    }
)
"""The shortest silence each protocol must bear, in seconds, and who says so."""

LIMITS: Final = Limits(
    line_bytes=4096,
    commands=20,
    unknown_commands=3,
    clear_bytes=65536,
    hello_bytes=65536,
    connections=20000,
)

PROTOCOL_OF_PORT: Final[Mapping[int, Protocol]] = MappingProxyType(
    {
        25: Protocol.SMTP,
        465: Protocol.SMTP,
        587: Protocol.SMTP,
        143: Protocol.IMAP,
        993: Protocol.IMAP,
        110: Protocol.POP3,
        995: Protocol.POP3,
        4190: Protocol.SIEVE,
        443: Protocol.HTTP,
    }
)
