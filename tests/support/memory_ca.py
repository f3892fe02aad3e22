"""A CA without a network: what a session asks is done at once, and any request can be the last.

Only as much of RFC 8555 as orders need, and no checks: those are the fake CA's.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from josepy.json_util import decode_b64jose

from certs.acme.directory import Directory
from certs.acme.problem import AcmeProblem
from certs.acme.problems import problem_of_reply
from certs.acme.reply import Reply
from certs.spec import Issuer
from tests.support.crashing_store import Killed
from tests.support.fakeca.authority import Authority
from tests.support.fakeca.faults import Faults
from tests.support.fakeca.issuance import issue

BASE = "https://ca.invalid"
ACCOUNT = f"{BASE}/account/1"
RENEWAL_INFO = f"{BASE}/renewal-info"
TYPES = ("http-01", "tls-alpn-01", "dns-01")


@dataclass(kw_only=True)
class MemoryCa:
    """The knobs are attributes."""

    now: Callable[[], datetime]
    bad: set[str] = field(default_factory=set)
    """What never convinces: challenge types, or `type identifier`."""
    error: str = "unauthorized"
    """Of a validation that fails."""
    processing_polls: int = 0
    chain: Any = "good"
    has_order_list: bool = True
    is_order_reused: bool = False
    refusals: list[AcmeProblem] = field(default_factory=list)
    """Answers to the next newOrder requests."""
    authority: Authority = field(init=False)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizations: dict[str, dict[str, Any]] = field(default_factory=dict)
    certificates: dict[str, list[bytes]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """Every request: `newOrder {…}`, `GET order/1`, `POST challenge/2/http-01 {}`."""

    def __post_init__(self) -> None:
        self.authority = Authority(self.now())

    def answer(self, url: str, payload: bytes) -> Reply:
        path = url.removeprefix(f"{BASE}/")
        self.log.append(f"POST {path} {payload.decode()}" if payload else f"GET {path}")
        match path.split("/"):
            case ["account", _]:
                return _reply(url, {"orders": f"{BASE}/orders"} if self.has_order_list else {})
            case ["orders"]:
                return _reply(url, {"orders": list(self.orders)})
            case ["new-order"]:
                return self._new_order(json.loads(payload))
            case ["order", _]:
                return self._order(url)
            case ["authz", _]:
                return self._authorization(url, payload)
            case ["challenge", number, type_]:
                return self._validate(f"{BASE}/authz/{number}", type_)
            case ["finalize", number]:
                return self._finalize(f"{BASE}/order/{number}", json.loads(payload))
            case ["certificate", number, chain]:
                chains = self.certificates[f"{BASE}/order/{number}"]
                others = [f"{BASE}/certificate/{number}/{n}" for n in range(len(chains))]
                others.pop(int(chain))
                return _reply(url, chains[int(chain)], links={"alternate": tuple(others)})
            case _:
                raise refusal("malformed", status=404)

    def _new_order(self, wanted: dict[str, Any]) -> Reply:
        if self.refusals:
            raise self.refusals.pop(0)
        for url, order in self.orders.items():
            is_open = self._status(order) in {"pending", "ready"}
            if self.is_order_reused and is_open and order["identifiers"] == wanted["identifiers"]:
                return self._order(url)
        url = f"{BASE}/order/{len(self.orders)}"
        authorizations = [self._new_authorization(one) for one in wanted["identifiers"]]
        self.orders[url] = {
            **wanted,
            "status": None,
            "authorizations": authorizations,
            "polls": self.processing_polls,
        }
        return self._order(url)

    def _new_authorization(self, identifier: dict[str, str]) -> str:
        number = len(self.authorizations)
        name = identifier["value"].removeprefix("*.")
        self.authorizations[f"{BASE}/authz/{number}"] = {
            "status": "pending",
            "identifier": {**identifier, "value": name},
            "wildcard": name != identifier["value"],
            "challenges": [
                {
                    "type": type_,
                    "url": f"{BASE}/challenge/{number}/{type_}",
                    "token": f"{number:0>32}",
                    "status": "pending",
                }
                for type_ in TYPES
            ],
        }
        return f"{BASE}/authz/{number}"

    def _order(self, url: str) -> Reply:
        if url not in self.orders:
            raise refusal("malformed", status=404)
        order = self.orders[url]
        shown = {
            **order,
            "status": self._status(order),
            "finalize": url.replace("order", "finalize"),
        }
        if order["status"] == "processing":
            order["polls"] -= 1
            if order["polls"] < 0:
                order["status"] = "valid"
        if shown["status"] == "valid":
            shown["certificate"] = f"{url.replace('order', 'certificate')}/0"
        return _reply(url, shown, headers={"location": url})

    def _status(self, order: dict[str, Any]) -> str:
        if order["status"] is not None:
            return str(order["status"])
        found = {self.authorizations[url]["status"] for url in order["authorizations"]}
        if found == {"valid"}:
            return "ready"
        return "pending" if found <= {"valid", "pending"} else "invalid"

    def _authorization(self, url: str, payload: bytes) -> Reply:
        if payload:
            self.authorizations[url].update(json.loads(payload))
        return _reply(url, self.authorizations[url])

    def _validate(self, url: str, type_: str) -> Reply:
        authorization = self.authorizations[url]
        if authorization["status"] != "pending":
            raise refusal("malformed")
        challenge = next(one for one in authorization["challenges"] if one["type"] == type_)
        how = f"{type_} {authorization['identifier']['value']}"
        status = "invalid" if {type_, how} & self.bad else "valid"
        authorization["status"] = challenge["status"] = status
        if status == "invalid":
            challenge["error"] = {
                "type": f"urn:ietf:params:acme:error:{self.error}",
                "detail": "no",
            }
        return _reply(challenge["url"], challenge)

    def _finalize(self, url: str, wanted: dict[str, Any]) -> Reply:
        order = self.orders[url]
        if self._status(order) != "ready":
            raise refusal("orderNotReady", status=403)
        csr = x509.load_der_x509_csr(decode_b64jose(wanted["csr"]))
        names = [one["value"] for one in order["identifiers"]]
        faults = Faults(chain=self.chain, alternate_chains=2)
        _, chains = issue(self.authority, faults, csr, names, lifetime_s=90 * 86400, now=self.now())
        self.certificates[url] = chains
        order["status"] = "processing" if order["polls"] else "valid"
        return self._order(url)


class MemorySession:
    """A `certs.acme.session.Session` of a `MemoryCa`.

    `crash_at` is the number of the last request; `is_heard` tells whether the CA still does it.
    """

    def __init__(self, ca: MemoryCa, *, crash_at: int | None = None, is_heard: bool = True) -> None:
        self.issuer = Issuer(name="memory", directory=f"{BASE}/directory")
        self.account_url = ACCOUNT
        self.profiles: Mapping[str, str] | None = None
        self.renewal_info: str | None = RENEWAL_INFO
        self.requests = 0
        self._ca = ca
        self._crash_at = crash_at
        self._is_heard = is_heard

    @property
    def directory(self) -> Directory:
        return Directory(
            url=f"{BASE}/directory",
            new_nonce=f"{BASE}/new-nonce",
            new_account=f"{BASE}/new-account",
            new_order=f"{BASE}/new-order",
            revoke_cert=f"{BASE}/revoke",
            key_change=None,
            renewal_info=self.renewal_info,
            profiles=self.profiles,
            terms_url=None,
            website=None,
            external_account_required=False,
        )

    def key_authorization(self, token: str) -> str:
        return f"{token}.thumbprint"

    async def post(self, url: str, payload: bytes, *, signer: object = None) -> Reply:
        if self._crash_at is not None and self.requests > self._crash_at:
            raise Killed
        is_last = self.requests == self._crash_at
        self.requests += 1
        if is_last and not self._is_heard:
            raise Killed
        reply = self._ca.answer(url, payload)
        if is_last:
            raise Killed
        return reply

    async def post_as_get(self, url: str) -> Reply:
        return await self.post(url, b"")


def refusal(name: str, *, status: int = 400, detail: str = "no") -> AcmeProblem:
    """A problem document as the transport raises it."""
    body = json.dumps({"type": f"urn:ietf:params:acme:error:{name}", "detail": detail}).encode()
    return problem_of_reply(url=BASE, status=status, headers={}, body=body, retry_after_s=None)


def _reply(
    url: str,
    body: dict[str, Any] | bytes,
    *,
    headers: Mapping[str, str] | None = None,
    links: Mapping[str, tuple[str, ...]] | None = None,
) -> Reply:
    return Reply(
        url=url,
        status=200,
        headers=headers or {},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        links=links or {},
        retry_after_s=None,
    )
