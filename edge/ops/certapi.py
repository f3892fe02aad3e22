"""The HTTP side of `stalwart-edge cert`: routes for the control process' unix socket.

GET answers one JSON value. POST answers `application/x-ndjson`: an event a line as it happens, then
`{"result": …}` or `{"error": {"message", "remedy"}}`. What fails before its first event, and every
other error, answers `{"message", "remedy"}` with a status of its own. Who may open the socket may
do all of this, export of private keys included: its mode is the access control.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

import certs
from edge.ops import certcalls as calls
from edge.ops.broadcast import Broadcast
from edge.ops.certproblems import OperationFailed, Problem, defect, explain

MAX_BODY_BYTES: Final = 262_144
"""Key and chain of an import, escaped; anything else is far smaller."""
NDJSON: Final = "application/x-ndjson"
_MAX_WAITING_EVENTS: Final = 1000
"""Of a reader that is slower than the order; further ones are left out, never the result."""

_CallT = TypeVar("_CallT", bound=calls.Call)
OnBug = Callable[[BaseException], None]


def add_routes(
    app: web.Application, operations: calls.Operations, *, events: Broadcast, on_bug: OnBug
) -> None:
    """Add the routes to the application of the admin socket.

    `events` is the sink of the manager that `operations` belong to: where progress comes from.
    `on_bug` hears of errors that nobody expected; the client only gets their name.
    """
    api = _Api(operations, events, on_bug)
    certificate = f"{calls.PREFIX}/certificates/{{name}}"
    app.add_routes(
        [
            web.get(f"{calls.PREFIX}/certificates", api.get(calls.ListAll)),
            web.get(certificate, api.get(calls.Show)),
            web.get(f"{certificate}/tlsa", api.get(calls.Tlsa)),
            web.get(f"{certificate}/export", api.get(calls.Export)),
            web.get(f"{calls.PREFIX}/accounts", api.get(calls.Accounts)),
            web.post(f"{calls.PREFIX}/accounts/rollover", api.post(calls.RollOver)),
            web.post(f"{certificate}/renew", api.post(calls.Renew)),
            web.post(f"{certificate}/dry-run", api.post(calls.DryRun)),
            web.post(f"{certificate}/revoke", api.post(calls.Revoke)),
            web.post(f"{certificate}/import", api.post(calls.Import)),
        ]
    )


class _Api:
    def __init__(self, operations: calls.Operations, events: Broadcast, on_bug: OnBug) -> None:
        self._operations = operations
        self._events = events
        self._on_bug = on_bug

    def get(self, kind: type[_CallT]) -> Handler:
        """A handler that answers with the value."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                call = _call(kind, {**request.query, **request.match_info})
                return _json(await calls.perform(call, self._operations, _nowhere))
            except Exception as error:  # noqa: BLE001 - every error is an answer
                return _error(*self._explained(error))

        return handle

    def post(self, kind: type[_CallT]) -> Handler:
        """A handler that answers with events and a result."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                call = _call(kind, {**await _body(request), **request.match_info})
            except Exception as error:  # noqa: BLE001 - every error is an answer
                return _error(*self._explained(error))
            return await self._stream(request, call)

        return handle

    async def _stream(self, request: web.Request, call: calls.Call) -> web.StreamResponse:
        """Do it to its end, even when the reader has gone: half an order helps nobody."""
        lines = _Lines(request)
        events: asyncio.Queue[certs.Event | None] = asyncio.Queue()

        def sink(event: certs.Event) -> None:
            if events.qsize() < _MAX_WAITING_EVENTS:
                events.put_nowait(event)

        async def pass_on() -> None:
            while (event := await events.get()) is not None:
                await lines.write(calls.event_object(event))

        failure: tuple[HTTPStatus, Problem] | None = None
        result: object = None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pass_on())
            try:
                with self._events.listening(getattr(call, "name", None), sink):
                    result = await calls.perform(call, self._operations, sink)
            except Exception as error:  # noqa: BLE001 - every error is an answer
                failure = self._explained(error)
            finally:
                events.put_nowait(None)
        if failure is not None and not lines.is_begun:
            return _error(*failure)
        await lines.write({"result": result} if failure is None else {"error": failure[1]})
        return await lines.end()

    def _explained(self, error: Exception) -> tuple[HTTPStatus, Problem]:
        known = explain(error)
        if known is not None:
            return known
        self._on_bug(error)
        return HTTPStatus.INTERNAL_SERVER_ERROR, defect(error)


class _Lines:
    """The lines of one answer. Nothing is sent before the first; a reader may go at any time."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response = web.StreamResponse(headers={"Content-Type": NDJSON})
        self._is_gone = False
        self.is_begun = False

    async def write(self, value: object) -> None:
        """Send a line."""
        if self._is_gone:
            return
        try:
            if not self.is_begun:
                self.is_begun = True
                await self._response.prepare(self._request)
            await self._response.write(msgspec.json.encode(value) + b"\n")
        except ConnectionError:
            self._is_gone = True

    async def end(self) -> web.StreamResponse:
        """Send what is left."""
        if not self._is_gone:
            try:
                await self._response.write_eof()
            except ConnectionError:
                self._is_gone = True
        return self._response


def _call(kind: type[_CallT], members: dict[str, object]) -> _CallT:
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        # msgspec says where and which type, never which value.
        raise _bad_request(str(error)) from error


async def _body(request: web.Request) -> dict[str, object]:
    content = bytearray()
    async for chunk in request.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            message = f"the body has more than {MAX_BODY_BYTES} bytes"
            remedy = "Send one certificate with its chain and key."
            raise OperationFailed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, remedy)
    if not content:
        return {}
    try:
        body = msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise _bad_request(str(error)) from error
    if "name" in body:
        raise _bad_request("the name belongs into the path")
    return body


def _bad_request(message: str) -> OperationFailed:
    remedy = "Is this command as old or as new as the edge that runs? Restart the edge."
    return OperationFailed(HTTPStatus.BAD_REQUEST, message, remedy)


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _error(status: HTTPStatus, problem: Problem) -> web.Response:
    body = msgspec.json.encode(problem)
    return web.Response(status=status, body=body, content_type="application/json")


def _nowhere(event: certs.Event) -> None:
    """What is only looked at has no progress."""
