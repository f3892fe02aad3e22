"""The server at port 80: answers to http-01 before everything else, and a redirect for the rest.

It has no other function, so it grants nothing else: one request a connection, a few kilobytes of
it, and all of it within a few seconds, however it is dribbled.
"""

import asyncio
import ipaddress
import logging
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from certs.challenges.bounded import Bounded, Connections
from certs.challenges.http01 import CHALLENGE_PATH, Http01Answers, host_header
from certs.names import canonical_name

HTTPS_PORT: Final = 443

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_DNS_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*", re.IGNORECASE
)
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[^\[\]:]{1,254})(?::[0-9]{0,5})?")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What one connection, and all of them together, may take."""

    connection_deadline_s: float = 10.0
    """From accepting to the end of the answer: a client that stalls is cut off then."""
    max_connections: int = 512
    """What comes on top is closed at once."""
    max_line_bytes: int = 4096
    max_field_bytes: int = 4096
    max_headers: int = 64


def http01_application(answers: Http01Answers, *, https_port: int = HTTPS_PORT) -> web.Application:
    """The application: every path is either a challenge or redirected to https on `https_port`."""

    async def handle(request: web.Request) -> web.Response:
        return _respond(request, answers, https_port)

    async def finish(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_HEADERS)
        response.headers.pop("Server", None)
        response.force_close()

    application = web.Application(client_max_size=0)
    application.router.add_route("*", "/{path:.*}", handle)
    application.on_response_prepare.append(finish)
    return application


@asynccontextmanager
async def serve_http01(
    application: web.Application,
    sockets: Sequence[socket.socket],
    *,
    limits: HttpLimits | None = None,
) -> AsyncIterator[None]:
    """Serve on listening sockets, which are closed in the end, while the context lasts."""
    limits = limits or HttpLimits()
    runner = web.AppRunner(
        application,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=limits.connection_deadline_s,
        lingering_time=1,
        logger=_logger(),
        max_field_size=limits.max_field_bytes,
        max_headers=limits.max_headers,
        max_line_size=limits.max_line_bytes,
        shutdown_timeout=1,
    )
    await runner.setup()
    connections = Connections(limits.max_connections)
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []

    def connection() -> asyncio.Protocol:
        assert runner.server is not None
        return Bounded(
            runner.server(), connections, loop=loop, deadline_s=limits.connection_deadline_s
        )

    try:
        servers.extend([await loop.create_server(connection, sock=one) for one in sockets])
        yield
    finally:
        for server in servers:
            server.close()
        await runner.cleanup()


def _respond(request: web.Request, answers: Http01Answers, https_port: int) -> web.Response:
    host = _host_of(request)
    # As it came: decoded, `%2e` and the like would make one path out of many.
    target = request.rel_url.raw_path_qs
    if host is None or not request.raw_path.startswith("/") or not target.startswith("/"):
        return web.Response(status=400, text="This request names no host or no path.\n")
    if request.raw_path.startswith(CHALLENGE_PATH):
        return _challenge(request, answers, host)
    port = "" if https_port == HTTPS_PORT else f":{https_port}"
    return web.Response(
        status=308,
        headers={"Location": f"https://{host_header(host)}{port}{target}"},
        text="This host speaks https.\n",
    )


def _challenge(request: web.Request, answers: Http01Answers, host: str) -> web.Response:
    if request.method != "GET":
        return web.Response(status=405, headers={"Allow": "GET"}, text="Only GET.\n")
    token = request.raw_path.removeprefix(CHALLENGE_PATH)
    answer = answers.answer(token, host) if _TOKEN.fullmatch(token) else None
    if answer is None:
        return web.Response(status=404, text="No such challenge.\n")
    return web.Response(body=answer.encode("ascii"), content_type="application/octet-stream")


def _host_of(request: web.Request) -> str | None:
    """The one Host header, canonical, without port; None when it is no host at all."""
    values = request.headers.getall("Host", [])
    match = _HOST.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    host = match["host"]
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            return None
    host = host.removesuffix(".")
    return canonical_name(host) if _DNS_NAME.fullmatch(host) else None


def _logger() -> logging.Logger:
    logger = logging.getLogger("certs.http01")
    logger.addFilter(_is_ours)
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether it is about us: what strangers send to port 80 is no error of this program."""
    error: Any = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return not isinstance(error, HttpProcessingError)
