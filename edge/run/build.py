"""The composition root: from a configuration to everything a process is forked with.

Runs in the master, before the first fork: contexts built here share their ticket keys over all
workers, and the memory of all this is shared too.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from edge.config.material import Material, load_material
from edge.config.tree import Config, Listener, TcpAddress
from edge.net.backend import BackendState
from edge.net.listener import Acceptor
from edge.net.service import Contexts, RecordSink, Service, Worker
from edge.net.sockets import bind


class BindError(Exception):
    """Addresses that could not be bound, all of them: what the kernel said of each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundListener:
    """A listener with its sockets and its TLS contexts."""

    spec: Listener
    sockets: tuple[socket.socket, ...]
    contexts: Contexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """All that the processes need: they share nothing else with anybody."""

    config: Config
    material: Material
    listeners: tuple[BoundListener, ...]
    http_sockets: tuple[socket.socket, ...]
    """For http-01, in the control process."""


def build(config: Config, material: Material) -> Blueprint:
    """Bind every address and build every context.

    Raises BindError with all addresses that cannot be bound; nothing stays bound then.
    """
    bound: list[BoundListener] = []
    problems: list[str] = []
    snapshot = material.snapshot
    for spec in config.listeners:
        sockets = _bind_all(f"listener {spec.name}", spec.bind, problems)
        contexts = Contexts(spec, material.client_ca_pem.get(spec.name))
        for protocol in spec.protocols:
            for certificate in (c for s in snapshot.sets for c in s.certificates):
                contexts.site(certificate, protocol)
        bound.append(BoundListener(spec=spec, sockets=sockets, contexts=contexts))
    http_bind = config.acme.http_bind if config.acme is not None else ()
    http_sockets = _bind_all("acme.http_bind", http_bind, problems)
    if problems:
        for sock in (*http_sockets, *(sock for listener in bound for sock in listener.sockets)):
            sock.close()
        raise BindError(problems)
    return Blueprint(
        config=config, material=material, listeners=tuple(bound), http_sockets=http_sockets
    )


def refreshed(blueprint: Blueprint, now: datetime) -> Blueprint:
    """The same with the certificates as they are stored now, for a process that starts later.

    What cannot be loaded any more stays as it was. `now` is aware.
    """
    material = load_material(blueprint.config, now=now).material
    if material is None:
        return blueprint
    kept = replace(blueprint.material, snapshot=material.snapshot, bootstrap=material.bootstrap)
    return replace(blueprint, material=kept)


def _bind_all(
    owner: str, addresses: Sequence[TcpAddress], problems: list[str]
) -> tuple[socket.socket, ...]:
    sockets: list[socket.socket] = []
    for address in addresses:
        try:
            sockets.append(bind(address))
        except OSError as error:
            problems.append(f"{owner}: {address}: {error.strerror}")
    return tuple(sockets)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPath:
    """A worker's objects, connected."""

    worker: Worker
    backends: Mapping[str, BackendState]
    acceptors: tuple[Acceptor, ...]
    services: tuple[Service, ...]


def build_data_path(
    blueprint: Blueprint,
    loop: asyncio.AbstractEventLoop,
    records: RecordSink,
    on_bug: Callable[[BaseException], None],
) -> DataPath:
    """Connect the objects of one worker, in its own process."""
    config = blueprint.config
    worker = Worker(loop=loop, records=records, hostname=config.hostname, on_bug=on_bug)
    backends = {name: BackendState(spec) for name, spec in config.backends.items()}
    services: list[Service] = []
    acceptors: list[Acceptor] = []
    for listener in blueprint.listeners:
        service = Service(
            worker=worker,
            spec=listener.spec,
            backend=backends[listener.spec.backend],
            contexts=listener.contexts,
            snapshot=blueprint.material.snapshot,
        )
        services.append(service)
        for sock in listener.sockets:
            acceptor = Acceptor(service, sock)
            service.add(acceptor)
            acceptors.append(acceptor)
    return DataPath(
        worker=worker,
        backends=backends,
        acceptors=tuple(acceptors),
        services=tuple(services),
    )
