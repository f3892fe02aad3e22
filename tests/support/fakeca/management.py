"""The knobs and counters over HTTP, for tests in another process. Loopback only, no secrets."""

import msgspec
from aiohttp import web

from tests.support.fakeca.core import Core
from tests.support.fakeca.faults import change


class Management:
    """JSON in and out; see `build` for the paths."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def build(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/faults", self._faults),
                web.patch("/faults", self._change_faults),
                web.get("/record", self._record),
                web.get("/certificates", self._certificates),
                web.get("/roots", self._roots),
                web.post("/forget-accounts", self._forget_accounts),
                web.post("/forget-nonces", self._forget_nonces),
            ]
        )
        return app

    async def _faults(self, request: web.Request) -> web.Response:
        return _json(self._core.faults)

    async def _change_faults(self, request: web.Request) -> web.Response:
        try:
            change(self._core.faults, msgspec.json.decode(await request.read(), type=dict))
        except msgspec.MsgspecError as error:
            return web.Response(status=400, text=str(error))
        return _json(self._core.faults)

    async def _record(self, request: web.Request) -> web.Response:
        return _json(self._core.record)

    async def _certificates(self, request: web.Request) -> web.Response:
        """In the order of issuance."""
        return _json(
            [
                {
                    "identifiers": issued.identifiers,
                    "cert_id": issued.cert_id,
                    "not_after": issued.leaf.not_valid_after_utc,
                    "revocation_reason": issued.revocation_reason,
                    "is_replaced": issued.is_replaced,
                    "chain": issued.chains[0].decode(),
                }
                for issued in self._core.state.certificates.values()
            ]
        )

    async def _roots(self, request: web.Request) -> web.Response:
        return web.Response(body=self._core.authority.roots_pem)

    async def _forget_accounts(self, request: web.Request) -> web.Response:
        self._core.state.accounts.clear()
        return web.Response(status=204)

    async def _forget_nonces(self, request: web.Request) -> web.Response:
        self._core.nonces.forget()
        return web.Response(status=204)


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
