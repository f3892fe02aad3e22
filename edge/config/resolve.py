"""Raw tables -> the tree: defaults filled in, texts read, paths made absolute, no `auto` left.

Every single value is known to be good by now; nothing here can fail.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from msgspec import UNSET, UnsetType, structs

from certs import canonical_name
from edge.config import model
from edge.config.addresses import parse_bind, parse_server
from edge.config.convert import Raw
from edge.config.defaults import (
    LIMITS,
    PROTOCOL_OF_PORT,
    STATE_DIR,
    TIMEOUTS,
    TLVS,
)
from edge.config.tree import (
    Backend,
    Certificate,
    ClientAuth,
    Config,
    Limits,
    Listener,
    ProxyVersion,
    TcpAddress,
    Timeouts,
    UnixAddress,
)
from edge.config.units import parse_duration, parse_size
from edge.core.protocol import Protocol

_T = TypeVar("_T")
_MAX_DURATION_S: Final = 366 * 86400.0
_MAX_DRAIN_S: Final = 86400.0
_BIND_REMEDY: Final = 'Write IP addresses with ports: "192.0.2.1:25"; all: "0.0.0.0:25", "[::]:25".'
_SERVER_REMEDY: Final = 'Write "127.0.0.1:25", "[::1]:25", "mail.lan:25" or "unix:/run/smtp.sock".'


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The resolved tables by position in the file; some are missing when the file has errors."""

    certificates: Mapping[int, Certificate]
    listeners: Mapping[int, Listener]
    backends: Mapping[int, Backend]


def resolve(raw: Raw, *, directory: Path, findings: Findings) -> Draft:
    """Resolve every table. Paths are relative to `directory`, that of the file."""
    backends = {
        at: _backend(table, ("backend", at), findings) for at, table in raw.backends.items()
    }
    by_name = {backend.name: backend for backend in backends.values()}
    return Draft(
        certificates={at: _certificate(table, directory) for at, table in raw.certificates.items()},
        listeners={
            at: _listener(table, ("listener", at), directory, by_name, findings)
            for at, table in raw.listeners.items()
        },
        backends=backends,
    )


def assemble(
    raw: Raw, draft: Draft, *, path: Path, environ: Mapping[str, str], findings: Findings
) -> Config | None:
    """The whole tree; None when there is no [edge] to put at its root."""
    on_stop_s = _duration(
        raw.drain.on_stop, ("drain",), "on_stop", findings, least_s=0.0, most_s=_MAX_DRAIN_S
    )
    if raw.edge is None:
        return None
    cpus = len(os.sched_getaffinity(0))
    return Config(
        path=path,
        hostname=raw.edge.hostname.lower(),
        workers=cpus if raw.edge.workers == "auto" else raw.edge.workers,
        state_dir=_state_dir(raw.edge.state_dir, path.parent, environ),
        log_level=raw.log.level,
        stop_grace_s=on_stop_s,
        certificates=tuple(draft.certificates.values()),
        listeners=tuple(draft.listeners.values()),
        backends=MappingProxyType({one.name: one for one in draft.backends.values()}),
    )


def _state_dir(configured: str | UnsetType, directory: Path, environ: Mapping[str, str]) -> Path:
    if configured is not UNSET:
        return _absolute(configured, directory)
    # systemd joins several by colons; the first is ours.
    from_systemd = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(from_systemd or STATE_DIR)


def _certificate(table: model.Certificate, directory: Path) -> Certificate:
    return Certificate(
        names=tuple(canonical_name(name) for name in table.names),
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
    return Path(os.path.normpath(directory.absolute() / path))


def _backend(table: model.Backend, at: Table, findings: Findings) -> Backend:
    interval_s = _duration(table.probe.interval, (*at, "probe"), "interval", findings, least_s=1.0)
    tlvs = TLVS if table.tlvs is UNSET else table.tlvs
    return Backend(
        name=table.name,
        servers=_addresses(parse_server, table.servers, at, "servers", _SERVER_REMEDY, findings),
        proxy_protocol=table.proxy_protocol,
        tlvs=tlvs if table.proxy_protocol is ProxyVersion.V2 else (),
        probe_interval_s=interval_s,
    )


def _listener(
    table: model.Listener,
    at: Table,
    directory: Path,
    backends: Mapping[str, Backend],
    findings: Findings,
) -> Listener:
    bind = _addresses(parse_bind, table.bind, at, "bind", _BIND_REMEDY, findings)
    backend = backends.get(table.backend)
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
        timeouts=_timeouts(table.timeouts, protocol, (*at, "timeouts"), findings),
        limits=_limits(table.limits, (*at, "limits"), findings),
    )


def _likely(addresses: tuple[TcpAddress | UnixAddress, ...]) -> Protocol:
    ports = (address.port for address in addresses if isinstance(address, TcpAddress))
    known = (PROTOCOL_OF_PORT[port] for port in ports if port in PROTOCOL_OF_PORT)
    return next(known, Protocol.RAW)


def _timeouts(
    table: model.Timeouts, protocol: Protocol | None
) -> Mapping[Protocol, Timeouts]:
    given = {
        f"{key}_s": parse_duration(value)
        for key, value in structs.asdict(table).items()
        if value is not UNSET
    }
    protocols = list(Protocol) if protocol is None else [protocol]
    return MappingProxyType({one: replace(TIMEOUTS[one], **given) for one in protocols})


def _limits(table: model.Limits) -> Limits:
    given = {
        key: parse_size(value)
        for key, value in structs.asdict(table).items()
        if value is not UNSET
    }
    return replace(LIMITS, **given)
