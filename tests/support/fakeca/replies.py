"""From answers, problems and interruptions to HTTP responses."""

import json
from datetime import timedelta
from email.utils import format_datetime

from aiohttp import web

from tests.support.fakeca.core import Answer, Core
from tests.support.fakeca.faults import Interruption
from tests.support.fakeca.problems import Problem
from tests.support.fakeca.retryafter import retry_after

_HUGE_BYTES = 16 * 1024 * 1024
_CHUNK = b" " * 65_536
_HTML = b"<html><head><title>503</title></head><body>\x1b[31mDown for maintenance</body></html>"


def answered(answer: Answer) -> web.Response:
    """A handler's answer."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    headers = dict(answer.headers)
    if isinstance(answer.body, dict):
        body = json.dumps(answer.body).encode()
        headers["Content-Type"] = "application/json"
    response = web.Response(status=answer.status, body=body, headers=headers)
    for url, relation in answer.links:
        response.headers.add("Link", f'<{url}>;rel="{relation}"')
    return response


def refused(problem: Problem) -> web.Response:
    """A problem document."""
    response = web.Response(
        status=problem.status,
        body=json.dumps(problem.document()).encode(),
        headers={"Content-Type": "application/problem+json"},
    )
    for name, value in problem.headers.items():
        response.headers.add(name, value)
    return response


async def interrupted(core: Core, request: web.Request, fault: Interruption) -> web.StreamResponse:
    """What a fault says instead; a response that was not sent for `drop`."""
    headers = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = retry_after(fault.retry_after, core.now())
    match fault.do:
        case "problem":
            problem = Problem(
                fault.name, fault.detail, status=fault.status, headers=headers, **fault.members
            )
            return refused(problem)
        case "html":
            headers["Content-Type"] = "text/html"
            return web.Response(status=fault.status, body=_HTML, headers=headers)
        case "empty":
            return web.Response(status=fault.status, headers=headers)
        case "huge":
            return await _huge(request)
        case "cut":
            return await _cut(request)
        case "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()


def dress(core: Core, request: web.Request, response: web.StreamResponse) -> None:
    """What every reply has: a date, a link to the directory, a nonce where one is due."""
    if response.prepared:
        return
    is_error = response.status >= 400
    shown_at = core.now() + timedelta(seconds=core.faults.date_skew_s)
    response.headers["Date"] = format_datetime(shown_at, usegmt=True)
    response.headers.add("Link", f'<{core.url("dir")}>;rel="index"')
    is_due = request.method == "POST" or request.path == "/newNonce"
    if is_due and (core.faults.has_nonce_on_errors or not is_error):
        response.headers["Replay-Nonce"] = core.nonces.issue()
        response.headers["Cache-Control"] = "no-store"


async def _huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    # JSON to its end, so that only a limit on bytes can refuse it.
    await response.write(b"{")
    for _ in range(_HUGE_BYTES // len(_CHUNK)):
        if request.transport is None or request.transport.is_closing():
            return response
        await response.write(_CHUNK)
    await response.write(b"}")
    await response.write_eof()
    return response


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"status": "val')
    assert request.transport is not None
    request.transport.close()
    return response
