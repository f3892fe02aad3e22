"""Raw tables -> the tree: defaults filled in, texts read, paths made absolute, no `auto` left.

Every single value is known to be good by now; nothing here can fail.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from msgspec import UNSET, UnsetType, structs

from certs import canonical_name
from edge.config import model
from edge.config.acme.resolve import managed, resolve_acme
from edge.config.addresses import parse_bind, parse_server
from edge.config.convert import Raw
from edge.config.defaults import (
    ADMIN_SOCKET,
    LIMITS,
    PROTOCOL_OF_PORT,
    RUNTIME_DIR,
    STATE_DIR,
    TIMEOUTS,
    TLVS,
)
from edge.config.tree import (
    Acme,
    Backend,
    Certificate,
    ClientAuth,
    Config,
    Limits,
    Listener,
    ProxyVersion,
    Source,
    TcpAddress,
    Timeouts,
    UnixAddress,
)
from edge.config.units import parse_duration, parse_size
from edge.core.protocol import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The resolved tables by position in the file; some are missing when the file has errors."""

    acme: Acme | None
    certificates: Mapping[int, Certificate]
    listeners: Mapping[int, Listener]
    backends: Mapping[int, Backend]


def resolve(raw: Raw, *, directory: Path) -> Draft:
    """Resolve every table. Paths are relative to `directory`, that of the file."""
    backends = {at: _backend(table) for at, table in raw.backends.items()}
    by_name = {backend.name: backend for backend in backends.values()}
    listeners = {
        at: _listener(table, directory, by_name.get(table.backend))
        for at, table in raw.listeners.items()
    }
    acme = None if raw.acme is None else resolve_acme(raw.acme, directory)
    return Draft(
        acme=acme,
        certificates={
            at: _certificate(table, directory, acme, listeners.values())
            for at, table in raw.certificates.items()
        },
        listeners=listeners,
        backends=backends,
    )


def assemble(
    raw: Raw, draft: Draft, edge: model.Edge, *, path: Path, environ: Mapping[str, str]
) -> Config:
    """The whole tree, of a file without errors."""
    state_dir = _state_dir(edge.state_dir, path.parent, environ)
    sockets = _admin_sockets(raw.admin.socket, path.parent, state_dir, environ)
    return Config(
        path=path,
        hostname=edge.hostname.lower(),
        # Not os.cpu_count(): systemd and containers may grant fewer.
        workers=len(os.sched_getaffinity(0)) if edge.workers == "auto" else edge.workers,
        state_dir=state_dir,
        log_level=raw.log.level,
        stop_grace_s=parse_duration(raw.drain.on_stop),
        certificates=tuple(draft.certificates.values()),
        listeners=tuple(draft.listeners.values()),
        backends=MappingProxyType({one.name: one for one in draft.backends.values()}),
        acme=draft.acme,
        admin_socket=sockets[0],
        admin_socket_guesses=sockets[1:],
    )


def _state_dir(configured: str | UnsetType, directory: Path, environ: Mapping[str, str]) -> Path:
    if configured is not UNSET:
        return _absolute(configured, directory)
    # systemd joins several by colons; the first is ours.
    from_systemd = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(from_systemd or STATE_DIR)


def _admin_sockets(
    configured: str | UnsetType, directory: Path, state_dir: Path, environ: Mapping[str, str]
) -> tuple[Path, ...]:
    """Where the edge listens, then where else a command may find it."""
    if configured is not UNSET:
        return (_absolute(configured, directory),)
    from_systemd = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    own = [Path(from_systemd) / ADMIN_SOCKET] if from_systemd else []
    own.append(state_dir / ADMIN_SOCKET)
    # A person's shell has no $RUNTIME_DIRECTORY: the edge that systemd started is here.
    own.append(Path(RUNTIME_DIR) / ADMIN_SOCKET)
    return tuple(dict.fromkeys(own))


def _certificate(
    table: model.Certificate, directory: Path, acme: Acme | None, listeners: Iterable[Listener]
) -> Certificate:
    return Certificate(
        names=tuple(canonical_name(name) for name in table.names),
        managed=managed(table, acme, listeners) if table.source is Source.ACME else None,
        source=table.source,
        cert=_paths(table.cert, directory),
        key=_paths(table.key, directory),
    )


def _paths(value: str | tuple[str, ...] | UnsetType, directory: Path) -> tuple[Path, ...]:
    if value is UNSET:
        return ()
    paths = (value,) if isinstance(value, str) else value
    return tuple(_absolute(path, directory) for path in paths)


def _absolute(path: str, directory: Path) -> Path:
    return directory.absolute() / path


def _backend(table: model.Backend) -> Backend:
    tlvs = TLVS if table.tlvs is UNSET else table.tlvs
    return Backend(
        name=table.name,
        servers=tuple(map(parse_server, table.servers)),
        proxy_protocol=table.proxy_protocol,
        tlvs=tlvs if table.proxy_protocol is ProxyVersion.V2 else (),
        probe_interval_s=parse_duration(table.probe.interval),
    )


def _listener(table: model.Listener, directory: Path, backend: Backend | None) -> Listener:
    bind = tuple(map(parse_bind, table.bind))
    protocol = None if table.protocol == "auto" else Protocol(table.protocol)
    return Listener(
        name=table.name,
        bind=bind,
        mode=table.mode,
        protocol=protocol,
        likely_protocol=protocol or _likely((*bind, *(backend.servers if backend else ()))),
        require_tls=table.require_tls is not False,
        tls_policy=table.tls_policy,
        strict_sni=table.strict_sni,
        client_ca=None if table.client_ca is UNSET else _absolute(table.client_ca, directory),
        client_auth=ClientAuth.REQUEST if table.client_auth is UNSET else table.client_auth,
        backend=table.backend,
        timeouts=_timeouts(table.timeouts, protocol),
        limits=_limits(table.limits),
    )


def _likely(addresses: tuple[TcpAddress | UnixAddress, ...]) -> Protocol:
    ports = (address.port for address in addresses if isinstance(address, TcpAddress))
    known = (PROTOCOL_OF_PORT[port] for port in ports if port in PROTOCOL_OF_PORT)
    return next(known, Protocol.RAW)


def _timeouts(table: model.Timeouts, protocol: Protocol | None) -> Mapping[Protocol, Timeouts]:
    given = {
        f"{key}_s": parse_duration(value)
        for key, value in structs.asdict(table).items()
        if value is not UNSET
    }
    protocols = list(Protocol) if protocol is None else [protocol]
    return MappingProxyType({one: replace(TIMEOUTS[one], **given) for one in protocols})


def _limits(table: model.Limits) -> Limits:
    given = {
        key: parse_size(value) for key, value in structs.asdict(table).items() if value is not UNSET
    }
    return replace(LIMITS, **given)
