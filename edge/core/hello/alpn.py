"""Application protocols by listener: the ALPACA defence (RFC 7301, alpaca-attack.com).

A client that asked for one protocol must never end up talking to a server of another one under a
certificate it trusts. `ssl` goes on without ALPN when nothing matches; RFC 7301 section 3.2 wants
alert 120, so the edge decides before TLS starts.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from edge.core.protocol import Protocol
from edge.errors import ProtocolError
from edge.outcome import Outcome

FOR_PROTOCOL: Final[Mapping[Protocol, tuple[bytes, ...]]] = MappingProxyType(
    {
        Protocol.HTTP: (b"http/1.1",),
        Protocol.IMAP: (b"imap",),
        Protocol.POP3: (b"pop3",),
        Protocol.SIEVE: (b"managesieve",),
        Protocol.SMTP: (b"smtp", b"esmtp"),
        Protocol.RAW: (),
    }
)
"""The ALPN names a listener of each protocol answers to, best first; none means: do not judge."""


_CHALLENGE: Final = (b"acme-tls/1",)


def is_challenge(offered: tuple[bytes, ...]) -> bool:
    """Whether this is a CA that validates a name: this one protocol and no other (RFC 8737 §4)."""
    return offered == _CHALLENGE


def choose(offered: tuple[bytes, ...], supported: tuple[bytes, ...]) -> bytes | None:
    """Return the first of `supported` that was offered; None when either side named none.

    Raises ProtocolError(ALPN_MISMATCH) when both named some and they have none in common. Who named
    `acme-tls/1` without being served another protocol is no client of a backend, whatever it is.
    """
    for name in supported:
        if name in offered:
            return name
    if not offered or not (supported or _CHALLENGE[0] in offered):
        return None
    raise ProtocolError(Outcome.ALPN_MISMATCH, "no offered application protocol is served here")
