"""The records of a connection: at the end of its handshake, and at its close.

A record is one line of JSON. Every string that came from the network is bounded and, by JSON
itself, escaped. `id` is also the UNIQUE_ID TLV of the PROXY header, so a line here can be joined
with the backend's own log.
"""

import msgspec


class Established(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`tls.established`: the handshake is complete; nothing has been relayed yet."""

    time: str
    """UTC, RFC 3339, microseconds, `Z`."""
    event: str = "tls.established"
    id: str
    listener: str
    protocol: str
    starttls: bool
    client_ip: str
    client_port: int
    sni: str | None
    alpn: str | None
    tls_version: str
    cipher: str
    """By its OpenSSL name."""
    group: str | None
    """The key-exchange group, None for a resumption without one or an RSA key exchange."""
    resumed: bool
    ja4: str
    """`-` when the ClientHello could not be parsed."""
    certificate_sha256: str | None
    client_certificate_cn: str | None
    backend: str
    clear_ms: float | None
    """From accept to STARTTLS; None with implicit TLS."""
    hello_ms: float
    """From the first moment a ClientHello could come until it was whole."""
    handshake_ms: float


class ChallengeAnswered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`acme.challenge_answered`: a CA, or a rehearsal of ours, saw the answer to tls-alpn-01."""

    time: str
    event: str = "acme.challenge_answered"
    id: str
    listener: str
    client_ip: str
    client_port: int
    sni: str | None
    challenge: str = "tls-alpn-01"
    tls_version: str


class Closed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`connection.closed`: the one line every connection ends with, whatever happened to it."""

    time: str
    event: str = "connection.closed"
    id: str
    listener: str
    protocol: str
    tls: bool
    """Whether the handshake was completed."""
    client_ip: str
    client_port: int
    sni: str | None
    backend: str
    server: str | None
    """The server of the backend that was dialled, None when none was reached."""
    outcome: str
    """A value of `edge.outcome.Outcome`."""
    detail: str | None
    bytes_in: int
    """Plaintext relayed from the client to the backend."""
    bytes_out: int
    """Plaintext relayed from the backend to the client."""
    connect_ms: float | None
    greeting_ms: float | None
    duration_ms: float


Record = Established | ChallengeAnswered | Closed
