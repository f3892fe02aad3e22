"""The resolved configuration: immutable, complete, no default left to guess.

`edge.config.load` compiles the operator's TOML into this tree; the workers are forked with it.
Durations are seconds, sizes are bytes. Nothing here reads a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import certs
from edge.core.protocol import Protocol
from edge.core.proxy.tlv import Tlv


class Mode(StrEnum):
    """When TLS begins on a listener: with the first byte, or after STARTTLS."""

    TLS = "tls"
    STARTTLS = "starttls"


class Policy(StrEnum):
    """Which TLS a listener speaks; the values are those of `certs.TlsPolicy`."""

    MODERN = "modern"
    INTERMEDIATE = "intermediate"
    COMPATIBLE = "compatible"


class ClientAuth(StrEnum):
    """Whether a listener with a `client_ca` asks for a client certificate or insists on one."""

    REQUEST = "request"
    REQUIRE = "require"


class ProxyVersion(StrEnum):
    """The header in front of every backend connection."""

    V2 = "v2"
    V1 = "v1"
    OFF = "off"


class Source(StrEnum):
    """Where a certificate comes from."""

    FILES = "files"
    SELF_SIGNED = "self-signed"
    ACME = "acme"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpAddress:
    """A host and port. `host` is an IP literal without brackets; a DNS name only for servers."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixAddress:
    """A stream socket in the file system, absolute."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Deadlines of one connection, in seconds."""

    setup_s: float
    """Absolute, from accept to the first byte of the relay; no mode switch extends it."""
    hello_s: float
    handshake_s: float
    connect_s: float
    greeting_s: float
    idle_s: float
    half_closed_s: float
    lifetime_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps of one listener, per connection unless said otherwise."""

    line_bytes: int
    commands: int
    unknown_commands: int
    clear_bytes: int
    hello_bytes: int
    connections: int
    """Open connections of this listener in one worker; further ones wait in the kernel's queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One `[[certificate]]` table. `cert` and `key` pair up by position; both only for files."""

    names: tuple[str, ...]
    source: Source
    cert: tuple[Path, ...]
    key: tuple[Path, ...]
    managed: certs.Managed | None = None
    """What to obtain and renew: exactly with `Source.ACME`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfc2136:
    """Dynamic updates (RFC 2136) to a primary, signed by TSIG (RFC 8945) where it has a name."""

    server: TcpAddress
    zone: str | None
    """None: found by asking for the SOA."""
    tsig_name: str | None
    tsig_algorithm: str
    tsig_secret_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec:
    """A program of the operator's own."""

    program: Path
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """A provider of dns-lexicon with its options, which may be secrets."""

    provider: str
    options: Mapping[str, str] = field(repr=False)
    option_files: Mapping[str, Path]
    """Options whose values are in files, by name of the option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """The table `[acme.dns]`."""

    provider: Rfc2136 | Exec | Lexicon
    resolvers: tuple[str, ...]
    """IP addresses; empty: those of the host."""
    is_propagation_checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Acme:
    """The table `[acme]`."""

    settings: certs.AcmeSettings
    """Without the HMAC keys of external account bindings: those are in files."""
    eab_hmac_key_files: Mapping[str, Path]
    """By name of the issuer."""
    http_bind: tuple[TcpAddress, ...]
    """Empty: no http-01 and no redirect."""
    dns: Dns | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One `[[backend]]` table."""

    name: str
    servers: tuple[TcpAddress | UnixAddress, ...]
    proxy_protocol: ProxyVersion
    tlvs: tuple[Tlv, ...]
    probe_interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One `[[listener]]` table."""

    name: str
    bind: tuple[TcpAddress, ...]
    mode: Mode
    protocol: Protocol | None
    """None is `auto`: what the backend's probe learns."""
    likely_protocol: Protocol
    """Of `auto`: by well-known port; used for refusals until the probe has learnt (else `raw`)."""
    require_tls: bool
    tls_policy: Policy
    strict_sni: bool
    client_ca: Path | None
    client_auth: ClientAuth
    backend: str
    timeouts: Mapping[Protocol, Timeouts]
    """For each protocol the listener may turn out to speak."""
    limits: Limits

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """What it may turn out to speak."""
        return (self.protocol,) if self.protocol else tuple(one for one in Protocol if one.is_mail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file."""

    path: Path
    hostname: str
    workers: int
    state_dir: Path
    log_level: str
    stop_grace_s: float
    certificates: tuple[Certificate, ...]
    listeners: tuple[Listener, ...]
    backends: Mapping[str, Backend]
    acme: Acme | None
    admin_socket: Path
    """Where the running edge listens for commands."""
    admin_socket_guesses: tuple[Path, ...]
    """Where a command looks, too: a service manager may have given the edge another default."""

    @property
    def store_dir(self) -> Path:
        """Where certificates, accounts and orders are kept."""
        return self.state_dir / "certs"
