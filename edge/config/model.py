"""The file as the operator writes it: one Struct a table.

Names, choices and descriptions here are the contract; `stalwart-edge check --schema` prints them.
What needs more than one key to judge is in `edge.config.check`. `UNSET` means: not in the file.
"""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from certs import ChallengeType, KeyType
from edge.config.acme.model import Acme
from edge.config.tree import ClientAuth, Mode, Policy, ProxyVersion, Source
from edge.config.units import duration_between, size_between
from edge.config.values import (
    DAY_S,
    BindAddress,
    CertificateName,
    Connections,
    Count,
    Deadline,
    Duration,
    FilePath,
    HostName,
    Name,
    ServerAddress,
    Size,
)
from edge.core.proxy.tlv import Tlv

_64_KIB: Final = 65536

ProtocolChoice = Literal["auto", "smtp", "imap", "pop3", "sieve", "http", "raw"]
Workers = Annotated[
    Annotated[int, Meta(ge=1, le=256)] | Literal["auto"],
    Meta(title="a number of processes", examples=["auto", 2]),
]


class Edge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What belongs to no single listener."""

    hostname: Annotated[
        HostName, Meta(description="Name of this host: its certificate is the default one.")
    ]
    workers: Annotated[
        Workers, Meta(description='Processes that carry connections; "auto": one a processor.')
    ] = "auto"
    state_dir: Annotated[FilePath, Meta(description="What must survive a restart.")] | UnsetType = (
        UNSET
    )


class Certificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate, or several with different keys for the same names."""

    names: Annotated[
        tuple[CertificateName, ...],
        Meta(
            min_length=1,
            description='Names served with it: DNS names, "*.example.net", IP addresses.',
        ),
    ]
    source: Annotated[Source, Meta(description="Where it comes from.")]
    cert: (
        Annotated[FilePath, Meta(description="PEM, the server's own certificate first.")]
        | tuple[FilePath, ...]
        | UnsetType
    ) = UNSET
    key: (
        Annotated[FilePath, Meta(description="PEM without a passphrase.")]
        | tuple[FilePath, ...]
        | UnsetType
    ) = UNSET
    key_types: (
        Annotated[
            tuple[KeyType, ...],
            Meta(min_length=1, description='"acme": one certificate each. Default ecdsa-p256.'),
        ]
        | UnsetType
    ) = UNSET
    reuse_key: (
        Annotated[bool, Meta(description='"acme": renew with the same key, for DANE 3 1 1.')]
        | UnsetType
    ) = UNSET
    challenges: (
        Annotated[
            tuple[ChallengeType, ...],
            Meta(
                min_length=1,
                description='"acme": proofs in order of preference. Default: those that can work.',
            ),
        ]
        | UnsetType
    ) = UNSET


class Timeouts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deadlines of one connection."""

    setup: Annotated[Deadline, Meta(description="From accept to the relay.")] | UnsetType = UNSET
    hello: Annotated[Deadline, Meta(description="For the whole ClientHello.")] | UnsetType = UNSET
    handshake: Annotated[Deadline, Meta(description="For the handshake.")] | UnsetType = UNSET
    connect: Annotated[Deadline, Meta(description="For one server.")] | UnsetType = UNSET
    greeting: Annotated[Deadline, Meta(description="For its greeting.")] | UnsetType = UNSET
    idle: Annotated[Deadline, Meta(description="Without a byte either way.")] | UnsetType = UNSET
    half_closed: (
        Annotated[Deadline, Meta(description="After one side has finished.")] | UnsetType
    ) = UNSET
    lifetime: Annotated[Deadline, Meta(description="Of a connection.")] | UnsetType = UNSET


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Caps before TLS, and on connections."""

    line_bytes: (
        Annotated[
            Size,
            # RFC 5321 section 4.5.3.1.4: a command line has up to 512 octets.
            Meta(description="One line in the clear.", extra={"check": size_between(512, _64_KIB)}),
        ]
        | UnsetType
    ) = UNSET
    commands: Annotated[Count, Meta(description="Commands in the clear.")] | UnsetType = UNSET
    unknown_commands: (
        Annotated[Count, Meta(description="Of them unknown or refused.")] | UnsetType
    ) = UNSET
    clear_bytes: (
        Annotated[
            Size,
            Meta(description="All before TLS.", extra={"check": size_between(1024, 16 * _64_KIB)}),
        ]
        | UnsetType
    ) = UNSET
    hello_bytes: (
        Annotated[
            Size,
            Meta(description="A ClientHello.", extra={"check": size_between(2048, _64_KIB)}),
        ]
        | UnsetType
    ) = UNSET
    connections: Annotated[Connections, Meta(description="Open in one worker.")] | UnsetType = UNSET


class Listener(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where clients connect."""

    name: Annotated[Name, Meta(description="For the log.")]
    bind: Annotated[
        tuple[BindAddress, ...], Meta(min_length=1, description="IP addresses with ports.")
    ]
    mode: Annotated[Mode, Meta(description="When TLS begins.")]
    backend: Annotated[Name, Meta(description="Name of the [[backend]] behind it.")]
    protocol: Annotated[
        ProtocolChoice, Meta(description='"auto" learns it from the backend\'s greeting.')
    ] = "auto"
    require_tls: (
        Annotated[bool, Meta(description="Whether the client must use STARTTLS. Default true.")]
        | UnsetType
    ) = UNSET
    tls_policy: Annotated[Policy, Meta(description="Versions and cipher suites.")] = (
        Policy.INTERMEDIATE
    )
    strict_sni: Annotated[
        bool, Meta(description="Refuse a client that names a host without a certificate.")
    ] = False
    client_ca: (
        Annotated[FilePath, Meta(description="PEM of the CAs of client certificates.")] | UnsetType
    ) = UNSET
    client_auth: (
        Annotated[ClientAuth, Meta(description='With client_ca. Default "request".')] | UnsetType
    ) = UNSET
    timeouts: Annotated[Timeouts, Meta(description="Defaults follow the protocol.")] = Timeouts()
    limits: Limits = Limits()


class Probe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the backend's greeting is learnt."""

    interval: Annotated[
        Duration,
        Meta(description="Between two looks.", extra={"check": duration_between(1, DAY_S)}),
    ] = "30s"


class Backend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail server, in plaintext."""

    name: Annotated[Name, Meta(description="For `backend` of listeners.")]
    servers: Annotated[
        tuple[ServerAddress, ...],
        Meta(
            min_length=1,
            description="host:port, [v6]:port or unix:/path; tried in this order.",
        ),
    ]
    proxy_protocol: Annotated[ProxyVersion, Meta(description="The header it expects.")] = (
        ProxyVersion.V2
    )
    tlvs: (
        Annotated[tuple[Tlv, ...], Meta(description="What a v2 header carries. Default: all.")]
        | UnsetType
    ) = UNSET
    allow_remote_plaintext: Annotated[
        bool, Meta(description="Allow servers beyond this host: passwords cross the network.")
    ] = False
    probe: Probe = Probe()


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least level.")
    ] = "info"


class Drain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to open connections."""

    on_stop: Annotated[
        Duration,
        Meta(
            description="How long they may go on at a stop.",
            extra={"check": duration_between(0, DAY_S)},
        ),
    ] = "30s"


class Admin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where commands reach the running edge."""

    socket: Annotated[FilePath, Meta(description="A unix socket, mode 0660.")] | UnsetType = UNSET


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration of stalwart-edge."""

    edge: Edge
    acme: Acme | UnsetType = UNSET
    certificate: tuple[Certificate, ...] = ()
    listener: tuple[Listener, ...] = ()
    backend: tuple[Backend, ...] = ()
    log: Log = Log()
    drain: Drain = Drain()
    admin: Admin = Admin()
