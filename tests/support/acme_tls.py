"""A TLS listener that answers `acme-tls/1` as it is told, with a certificate for each SNI."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from certs.challenges.tlsalpn01 import ChallengeCertificate, challenge_context
from tests.support.ports import Ports


@dataclass(kw_only=True)
class AcmeTlsListener:
    """`ordinary` serves names that have no challenge."""

    port: int
    ordinary: ssl.SSLContext
    published: list[Mapping[str, ChallengeCertificate]] = field(default_factory=list)
    """All mappings so far, the newest last."""
    refused: set[str] = field(default_factory=set)
    """Names to forget, whatever is published."""

    async def publish(self, mapping: Mapping[str, ChallengeCertificate]) -> None:
        await asyncio.sleep(0)
        self.published.append(mapping)

    def choose(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        mapping = self.published[-1] if self.published else {}
        if name in mapping and name not in self.refused:
            tls.context = challenge_context(mapping[name].pem)


@asynccontextmanager
async def acme_tls_listener(
    ports: Ports, ordinary: ssl.SSLContext
) -> AsyncIterator[AcmeTlsListener]:
    """Listen on 127.0.0.1 as long as the context lasts; connections end after the handshake."""
    listener = AcmeTlsListener(port=ports.take(), ordinary=ordinary)
    ordinary.sni_callback = listener.choose

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", listener.port, ssl=ordinary)
    try:
        yield listener
    finally:
        server.close()
