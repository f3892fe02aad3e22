"""One request and its whole answer: deadlines, a bounded body, https only, nothing lost."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from certs.acme.addresses import check_address
from certs.acme.links import links_of
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import plain_text, problem_of_reply, protocol_problem
from certs.acme.reply import Reply
from certs.acme.retryafter import http_date, retry_after_s
from certs.clock import Clock

MAX_BODY_BYTES: Final = 1 << 20
_MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CONNECTIONS: Final = 8
_HEADERS: Final = MappingProxyType({"Accept-Language": "en", "Accept-Encoding": "identity"})

Method = Literal["GET", "HEAD", "POST"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one request, in seconds by the loop's monotonic clock."""

    connect_timeout_s: float
    request_timeout_s: float
    is_loopback_http_allowed: bool


class Exchange:
    """Connections to one CA. Everything raises AcmeProblem: 4xx and 5xx, and what broke on the way.

    `on_date` is told the CA's own time and ours with each reply that has one.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        tls: ssl.SSLContext,
        limits: Limits,
        clock: Clock,
        on_date: Callable[[datetime, datetime], None],
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._on_date = on_date
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls, limit=_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={**_HEADERS, "User-Agent": user_agent},
            timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect_timeout_s),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    async def request(self, method: Method, url: str, body: bytes | None = None) -> Reply:
        """Send one request. Redirects are followed for GET, up to three and to https only."""
        for _ in range(_MAX_REDIRECTS + 1):
            reply = await self._guarded(method, url, body)
            if reply.status < 300:
                return reply
            if method != "GET" or reply.status not in _REDIRECTS or reply.location is None:
                # A JWS says which address it is for: it cannot be sent to another one.
                raise protocol_problem(f"an unexpected HTTP status {reply.status}", url=url)
            url = reply.location
        raise protocol_problem("too many redirects", url=url)

    async def _guarded(self, method: Method, url: str, body: bytes | None) -> Reply:
        check_address(url, is_loopback_http_allowed=self._limits.is_loopback_http_allowed)
        try:
            async with asyncio.timeout(self._limits.request_timeout_s):
                return await self._once(method, url, body)
        except aiohttp.ServerTimeoutError as error:
            detail = f"no connection within {self._limits.connect_timeout_s:g} s"
            raise _broken("timeout", detail, url) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise _broken("untrusted", _words(error), url) from error
        except TimeoutError as error:
            detail = f"no answer within {self._limits.request_timeout_s:g} s"
            raise _broken("timeout", detail, url) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _broken("transport", _words(error), url) from error

    async def _once(self, method: Method, url: str, body: bytes | None) -> Reply:
        headers = {} if body is None else {"Content-Type": "application/jose+json"}
        async with self._http.request(
            # As it is: what is signed is this address, not a tidied-up one.
            method,
            URL(url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
        ) as response:
            content = await _body(response.content, url)
            return self._reply(url, response, content)

    def _reply(self, url: str, response: aiohttp.ClientResponse, content: bytes) -> Reply:
        headers = MappingProxyType({name.lower(): v for name, v in response.headers.items()})
        now = self._clock.now()
        date = http_date(headers.get("date"))
        if date is not None:
            self._on_date(date, now)
        # Against the CA's own clock where it shows it: ours may be wrong.
        wait_s = retry_after_s(headers.get("retry-after"), now=date or now)
        if response.status >= 400:
            raise problem_of_reply(
                url=url,
                status=response.status,
                headers=headers,
                body=content,
                retry_after_s=wait_s,
            )
        return Reply(
            url=url,
            status=response.status,
            headers=_absolute(headers, url),
            body=content,
            links=links_of(response.headers.getall("Link", []), base=url),
            retry_after_s=wait_s,
        )


def tls_context(ca_bundle: Path | None) -> ssl.SSLContext:
    """What the CA's server is verified with. Reads files; raises AcmeProblem."""
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:  # ssl.SSLError is one
        raise AcmeProblem(
            type="ca_bundle",
            detail=f"{ca_bundle}: {error.strerror or 'no certificates in PEM'}",
            kind=Kind.CONFIGURATION,
        ) from error


async def _body(content: aiohttp.StreamReader, url: str) -> bytes:
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise protocol_problem(f"an answer of more than {MAX_BODY_BYTES} bytes", url=url)
    return bytes(body)


def _absolute(headers: Mapping[str, str], url: str) -> Mapping[str, str]:
    location = headers.get("location")
    if location is None:
        return headers
    return MappingProxyType({**headers, "location": urljoin(url, location)})


def _broken(type_: str, detail: str, url: str) -> AcmeProblem:
    return AcmeProblem(type=type_, detail=detail, kind=Kind.PASSING, url=url)


def _words(error: Exception) -> str:
    return plain_text(str(error)) or type(error).__name__
