"""What the operator allows before TLS on one listener."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearRules:
    """Limits of one clear-text dialogue.

    `hostname` is the edge's own name, US-ASCII, for its refusals. `require_tls` may only be false
    for SMTP (an MX); the other protocols always demand TLS. A line counts with its CRLF. Reaching
    `unknown_limit` commands that the protocol does not have ends the dialogue: three is enough for
    any honest client and too few for an HTTP request that a browser was tricked into sending.
    """

    hostname: str
    require_tls: bool
    line_limit_bytes: int = 4096
    command_limit: int = 20
    total_limit_bytes: int = 65536
    unknown_limit: int = 3
