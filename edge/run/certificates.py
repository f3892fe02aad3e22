"""The certificate manager in the control process, with port 80 and the admin socket beside it."""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

import certs
from edge.config.tree import Certificate, Listener, Source
from edge.core.protocol import Protocol
from edge.ops.broadcast import Broadcast
from edge.ops.certapi import add_routes
from edge.ops.log import Level, Log
from edge.run.adminsite import serve_admin
from edge.run.build import Blueprint
from edge.run.deploying import WorkersDeployer
from edge.run.distributing import Distributor
from edge.run.selfcheck import dialled
from edge.run.solvers import dns_solver, tls_alpn_addresses

_HTTPS_PORT: Final = 443
_NO_ACME: Final = certs.AcmeSettings(email=None, agree_to_terms=False, issuers=(), user_agent="")


class Certificates:
    """Obtains, renews, watches and distributes; answers http-01 and the `cert` commands."""

    def __init__(self, blueprint: Blueprint, distributor: Distributor, log: Log) -> None:
        self._config = blueprint.config
        self._material = blueprint.material
        self._http_sockets = blueprint.http_sockets
        self._distributor = distributor
        self._log = log
        self._answers = certs.Http01Answers()

    async def run(self) -> None:
        """Until cancelled."""
        managed = [one.managed for one in self._config.certificates if one.managed is not None]
        sink = Broadcast(self._tell, managed)
        store = certs.FileStore(self._config.store_dir)
        for problem in store.tighten():
            self._log.warning(
                "certificate.store_too_open",
                place=problem.place,
                message=problem.message,
                remedy=problem.remedy,
            )
        manager = certs.Manager(
            certs.ManagerKit(
                managed=managed,
                settings=self._material.acme.settings if self._material.acme else _NO_ACME,
                store=store,
                solvers=self._solvers(sink),
                deployer=WorkersDeployer(self._distributor, self._config.listeners),
                clock=certs.SystemClock(),
                rng=random.SystemRandom(),
                sink=sink,
            ),
            files=[
                certs.FilesSource(names=one.names, cert=one.cert, key=one.key)
                for one in self._of(Source.FILES)
            ],
            files_served=[self._loaded(one.names) for one in self._of(Source.FILES)],
            others=[
                one
                for names in (one.names for one in self._of(Source.SELF_SIGNED))
                if (one := self._loaded(names)) is not None
            ],
        )
        operations = certs.Operations(manager.parts, manager.keepers)
        async with AsyncExitStack() as stack:
            if self._http_sockets:
                app = certs.http01_application(
                    self._answers, https_port=_https_port(self._config.listeners)
                )
                # They are closed in the end, and there may be another time.
                sockets = [sock.dup() for sock in self._http_sockets]
                await stack.enter_async_context(certs.serve_http01(app, sockets))
            app = web.Application()
            add_routes(app, operations, events=sink, on_bug=self._on_bug)
            app.router.add_get("/ready", _readiness_of(operations))
            try:
                await stack.enter_async_context(serve_admin(app, self._config.admin_socket))
            except OSError as error:
                # `cert` commands are told that no edge runs; mail goes on.
                self._log.error(
                    "admin.unavailable",
                    socket=str(self._config.admin_socket),
                    reason=error.strerror or str(error),
                )
            await manager.run()

    def _solvers(self, sink: certs.EventSink) -> dict[certs.ChallengeType, certs.Solver]:
        config = self._config
        if config.acme is None or self._material.acme is None:
            return {}
        solvers: dict[certs.ChallengeType, certs.Solver] = {
            certs.ChallengeType.TLS_ALPN_01: certs.TlsAlpn01Solver(
                publish=self._distributor.show_challenges,
                own_addresses=lambda: tls_alpn_addresses(config.listeners),
                clock=certs.SystemClock(),
            ),
            **dns_solver(config.acme, self._material.acme, sink),
        }
        if self._http_sockets:
            http_bind = config.acme.http_bind
            solvers[certs.ChallengeType.HTTP_01] = certs.Http01Solver(
                answers=self._answers,
                own_addresses=lambda: [dialled(address) for address in http_bind],
            )
        return solvers

    def _of(self, source: Source) -> list[Certificate]:
        return [one for one in self._config.certificates if one.source is source]

    def _loaded(self, names: tuple[str, ...]) -> certs.CertificateSet | None:
        """What the master loaded for these names."""
        sets = self._material.snapshot.sets
        return next((one for one in sets if one.names == names), None)

    def _tell(self, event: certs.Event) -> None:
        fields = msgspec.to_builtins(event)
        self._log.say(
            Level[event.level.upper()],
            event.event,
            {key: value for key, value in fields.items() if value is not None},
        )

    def _on_bug(self, error: BaseException) -> None:
        self._log.exception("control.bug", error)


def _readiness_of(operations: certs.Operations) -> Handler:
    """200 while clients get the certificates they should, else 503 with the reasons."""

    async def handle(_: web.Request) -> web.Response:
        reasons = certs.why_not_ready(operations.list(), datetime.now(UTC))
        answer = {"ready": not reasons, "reasons": reasons}
        return web.json_response(answer, status=503 if reasons else 200)

    return handle


def _https_port(listeners: Sequence[Listener]) -> int:
    """Where port 80 sends people: to the listener for the web, wherever it is."""
    ports = [a.port for one in listeners if one.protocol is Protocol.HTTP for a in one.bind]
    return _HTTPS_PORT if _HTTPS_PORT in ports or not ports else ports[0]
