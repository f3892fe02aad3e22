"""http-01 (RFC 8555 section 8.3): fetch a file, following redirects, no certificate verified."""

from urllib.parse import urljoin, urlsplit

import aiohttp

from tests.support.fakeca.core import Reach
from tests.support.fakeca.problems import Problem

_MAX_REDIRECTS = 10
_LIMIT_BYTES = 65_536


async def probe(reach: Reach, name: str, token: str, key_authorization: str) -> None:
    host = f"[{name}]" if ":" in name else name
    url = f"http://{host}/.well-known/acme-challenge/{token}"
    connector = aiohttp.TCPConnector(ssl=False, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        for _ in range(1 + _MAX_REDIRECTS):
            async with _get(session, reach, url) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                body = await response.content.read(_LIMIT_BYTES)
                _judge(response.status, body, key_authorization)
                return
    raise Problem("connection", "too many redirects")


def _get(
    session: aiohttp.ClientSession, reach: Reach, url: str
) -> "aiohttp.client._RequestContextManager":
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.port not in {None, 80, 443}:
        raise Problem("connection", f"redirect to {parts.scheme} port {parts.port}")
    is_tls = parts.scheme == "https"
    port = reach.tls_port if is_tls else reach.http_port
    target = f"{parts.scheme}://{reach.address}:{port}{parts.path}"
    if parts.query:
        target += f"?{parts.query}"
    return session.get(
        target,
        headers={"Host": parts.netloc, "Accept": "*/*"},
        allow_redirects=False,
        server_hostname=parts.hostname if is_tls else None,
    )


def _judge(status: int, body: bytes, key_authorization: str) -> None:
    if status != 200:
        raise Problem("unauthorized", f"http-01: status {status}", status=403)
    if body.rstrip() != key_authorization.encode():
        raise Problem("unauthorized", "http-01: the key authorization is wrong", status=403)
