"""The real ways of proving: TLS listener, http-01 server and their solvers, in one event loop."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from certs.challenges.http01 import Http01Answers, Http01Solver
from certs.challenges.http01_server import http01_application, serve_http01
from certs.challenges.solver import Solver
from certs.challenges.tlsalpn01 import ACME_TLS_1, ChallengeCertificate, challenge_context
from certs.challenges.tlsalpn01_solver import TlsAlpn01Solver
from certs.clock import SystemClock
from certs.spec import ChallengeType

ADDRESS = "127.0.0.1"


@dataclass(slots=True)
class AlpnListener:
    """A TLS port that answers `acme-tls/1`, and nothing else."""

    port: int
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)
    """Each SNI that was answered."""

    async def publish(self, certificates: Mapping[str, ChallengeCertificate]) -> None:
        """Answer with these from now on."""
        self.contexts = {sni: challenge_context(c.pem) for sni, c in certificates.items()}

    def choose(self, tls: ssl.SSLObject, sni: str | None, _: ssl.SSLContext) -> int | None:
        context = self.contexts.get(sni or "")
        if context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        tls.context = context
        self.served.append(sni or "")
        return None

    async def close_at_once(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Both ways, ready."""

    solvers: dict[ChallengeType, Solver]
    listener: AlpnListener
    answers: Http01Answers


@asynccontextmanager
async def challenge_paths(*, http_port: int, tls_port: int) -> AsyncIterator[Paths]:
    """tls-alpn-01 and http-01 on loopback."""
    listener, answers = AlpnListener(tls_port), Http01Answers()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols([ACME_TLS_1])
    context.sni_callback = listener.choose
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(listener.close_at_once, ADDRESS, tls_port, ssl=context)
        await stack.enter_async_context(server)
        bound = socket.create_server((ADDRESS, http_port))
        await stack.enter_async_context(serve_http01(http01_application(answers), [bound]))
        yield Paths(
            solvers={
                ChallengeType.TLS_ALPN_01: TlsAlpn01Solver(
                    publish=listener.publish,
                    own_addresses=lambda: [(ADDRESS, tls_port)],
                    clock=SystemClock(),
                ),
                ChallengeType.HTTP_01: Http01Solver(
                    answers=answers, own_addresses=lambda: [(ADDRESS, http_port)]
                ),
            },
            listener=listener,
            answers=answers,
        )
