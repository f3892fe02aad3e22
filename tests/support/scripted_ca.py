"""A server that answers each address by a script, for what a whole CA would hide.

Every answer brings a nonce, `n1`, `n2` and so on, unless it brings its own or is told not to.
"""

import asyncio
import json
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from josepy.json_util import decode_b64jose

HOST = "127.0.0.1"


@dataclass(kw_only=True)
class Answer:
    """One answer. `is_dropped`: the connection is closed instead; `until`: it waits for that."""

    status: int = 200
    body: bytes | dict[str, Any] = b"{}"
    headers: list[tuple[str, str]] = field(default_factory=list)
    is_dropped: bool = False
    has_nonce: bool = True
    until: asyncio.Event | None = None


@dataclass(kw_only=True)
class Seen:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def protected(self) -> dict[str, Any]:
        """The protected header of its JWS."""
        protected: dict[str, Any] = json.loads(decode_b64jose(json.loads(self.body)["protected"]))
        return protected

    @property
    def payload(self) -> bytes:
        payload: bytes = decode_b64jose(json.loads(self.body)["payload"])
        return payload


@dataclass(kw_only=True)
class ScriptedCa:
    """`script[path]` is answered in turn, then `{}` for ever."""

    base: str
    script: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))
    seen: list[Seen] = field(default_factory=list)
    nonces: int = 0

    def answer(self, path: str, *answers: Answer) -> None:
        self.script[path].extend(answers)

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    def requests(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    def directory(self, **members: Any) -> dict[str, Any]:
        """A usable one; None takes a member away."""
        whole = {
            "newNonce": self.url("/nonce"),
            "newAccount": self.url("/new-account"),
            "newOrder": self.url("/new-order"),
            "revokeCert": self.url("/revoke"),
            "keyChange": self.url("/key-change"),
        } | members
        return {name: value for name, value in whole.items() if value is not None}

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path_qs
        self.seen.append(
            Seen(
                method=request.method,
                path=path,
                headers=request.headers.copy(),
                body=await request.read(),
            )
        )
        waiting = self.script[path]
        answer = waiting.popleft() if waiting else Answer(body=self._default(path))
        if answer.until is not None:
            await answer.until.wait()
        if answer.is_dropped:
            assert request.transport is not None
            request.transport.abort()
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        response = web.Response(status=answer.status, body=body)
        for name, value in answer.headers:
            response.headers.add(name, value)
        if answer.has_nonce and "Replay-Nonce" not in response.headers:
            self.nonces += 1
            response.headers["Replay-Nonce"] = f"n{self.nonces}"
        return response

    def _default(self, path: str) -> dict[str, Any]:
        return self.directory() if path == "/dir" else {}


def problem(name: str, detail: str = "no", **members: Any) -> dict[str, Any]:
    """A problem document of the ACME namespace."""
    return {"type": f"urn:ietf:params:acme:error:{name}", "detail": detail, **members}


@asynccontextmanager
async def running_scripted_ca(
    port: int, context: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedCa]:
    """Serves on loopback, plain http without a context."""
    ca = ScriptedCa(base=f"{'http' if context is None else 'https'}://{HOST}:{port}")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", ca._handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, ssl_context=context).start()
        yield ca
    finally:
        await runner.cleanup()
