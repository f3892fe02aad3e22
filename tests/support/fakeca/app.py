"""The resources as one aiohttp application: gate, faults, handler, faults, reply."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from tests.support.fakeca.accounts import account, new_account
from tests.support.fakeca.authorizations import authz, challenge
from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.directory import directory, new_nonce
from tests.support.fakeca.faults import Interruption, Resource
from tests.support.fakeca.finalizing import certificate, finalize
from tests.support.fakeca.gate import SignedBy, verified
from tests.support.fakeca.keychange import key_change
from tests.support.fakeca.orders import new_order, order, orders
from tests.support.fakeca.problems import Problem
from tests.support.fakeca.record import Asked
from tests.support.fakeca.renewalinfo import renewal_info
from tests.support.fakeca.replies import answered, dress, interrupted, refused
from tests.support.fakeca.revocation import revoke_cert
from tests.support.fakeca.tasks import Tasks
from tests.support.fakeca.validation import validate

Handler = Callable[[Core, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One resource. `signed_by` is `nobody` for a plain GET."""

    resource: Resource
    path: str
    handler: Handler
    signed_by: SignedBy | Literal["nobody"] = "account"


ROUTES = (
    Route("directory", "/dir", directory, "nobody"),
    Route("newNonce", "/newNonce", new_nonce, "nobody"),
    Route("newAccount", "/newAccount", new_account, "key"),
    Route("account", "/account/{id}", account),
    Route("orders", "/orders/{id}", orders),
    Route("keyChange", "/keyChange", key_change),
    Route("newOrder", "/newOrder", new_order),
    Route("order", "/order/{id}", order),
    Route("authz", "/authz/{id}", authz),
    Route("challenge", "/challenge/{id}/{challenge}", challenge),
    Route("finalize", "/finalize/{id}", finalize),
    Route("certificate", r"/certificate/{id}/{chain:\d+}", certificate),
    Route("revokeCert", "/revokeCert", revoke_cert, "either"),
    Route("renewalInfo", "/renewalInfo/{id:.*}", renewal_info, "nobody"),
)


class Application:
    """`tasks` owns the validations; `changed` is notified after everything that happens."""

    def __init__(self, core: Core, tasks: Tasks, changed: asyncio.Condition) -> None:
        self._core = core
        self._tasks = tasks
        self._changed = changed

    def build(self) -> web.Application:
        """With all routes, and one for what is no resource."""
        app = web.Application()
        for route in ROUTES:
            methods = ("GET", "HEAD") if route.signed_by == "nobody" else ("POST",)
            for method in methods:
                app.router.add_route(method, route.path, self._endpoint(route))
        app.router.add_route("*", "/{path:.*}", self._nowhere)
        return app

    def _endpoint(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            self._see(request)
            status = 0
            try:
                response = await self._respond(route, request)
                status = response.status if request.transport is not None else 0
                return response
            finally:
                asked = Asked(method=request.method, resource=route.resource, status=status)
                self._core.record.requests.append(asked)
                await self._tell()

        return endpoint

    async def _respond(self, route: Route, request: web.Request) -> web.StreamResponse:
        await request.read()
        fault = self._fault(route.resource)
        response: web.StreamResponse
        if fault is not None and fault.when == "before":
            response = await interrupted(self._core, request, fault)
        else:
            response = await self._handled(route, request)
            if fault is not None:
                response = await interrupted(self._core, request, fault)
        if request.transport is not None and not request.transport.is_closing():
            dress(self._core, request, response)
        return response

    async def _handled(self, route: Route, request: web.Request) -> web.Response:
        try:
            if route.signed_by == "nobody":
                call = Call(path=dict(request.match_info))
            else:
                call = await verified(self._core, request, route.signed_by)
            answer = await route.handler(self._core, call)
        except Problem as problem:
            return refused(problem)
        if answer.to_validate is not None:
            self._tasks.start(self._validate(answer))
        return answered(answer)

    async def _validate(self, answer: Answer) -> None:
        assert answer.to_validate is not None
        await validate(self._core, *answer.to_validate)
        await self._tell()

    def _fault(self, resource: Resource) -> Interruption | None:
        """The first that is armed for this resource, used up by one."""
        for fault in self._core.faults.interruptions:
            if fault.resource != resource or fault.times == 0:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None

    def _see(self, request: web.Request) -> None:
        record = self._core.record
        agent = request.headers.get("User-Agent")
        if agent is None:
            record.violations.append("no User-Agent")
        elif agent not in record.user_agents:
            record.user_agents.append(agent)

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        self._core.record.violations.append(f"{request.method} {request.path}")
        return refused(Problem("malformed", "no such resource or method", status=404))

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
