"""Listening for the edge, and who speaks on which port."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from edge.core.protocol import Protocol
from edge.demo.standin.account import Account
from edge.demo.standin.http import speak_http
from edge.demo.standin.imap import speak_imap
from edge.demo.standin.pop3 import speak_pop3
from edge.demo.standin.sieve import speak_sieve
from edge.demo.standin.smtp import smtp_protocol
from edge.demo.standin.wire import LINE_LIMIT_BYTES, Wire, read_header
from edge.errors import ProtocolError

_HEADER_S: Final = 5.0
_SESSION_S: Final = 1800.0

Speaker = Callable[[Wire, Account], Awaitable[None]]
OnHeader = Callable[[str, bytes], None]
"""Called with the service's name and the header's bytes, once a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One service of the stand-in and where it listens. An SMTP `mx` has no AUTH."""

    name: str
    protocol: Protocol
    host: str
    port: int


async def listen(spot: Spot, account: Account, on_header: OnHeader) -> asyncio.Server:
    """Start one service. Raises OSError when the address cannot be bound."""

    def report(raw: bytes) -> None:
        on_header(spot.name, raw)

    if spot.protocol is Protocol.SMTP:
        return await asyncio.get_running_loop().create_server(
            lambda: smtp_protocol(account, report, is_submission=spot.name != "mx"),
            spot.host,
            spot.port,
        )
    speak = _speaker(spot.protocol)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(reader, writer, account=account, report=report, speak=speak)

    return await asyncio.start_server(serve, spot.host, spot.port, limit=LINE_LIMIT_BYTES)


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    account: Account,
    report: Callable[[bytes], None],
    speak: Speaker,
) -> None:
    try:
        async with asyncio.timeout(_HEADER_S):
            raw, header = await read_header(reader)
        report(raw)
        async with asyncio.timeout(_SESSION_S):
            await speak(Wire(reader=reader, writer=writer, header=header), account)
    except (ConnectionError, ProtocolError, TimeoutError):
        pass  # the client's affair: the edge's record tells how it ended
    finally:
        writer.close()


def _speaker(protocol: Protocol) -> Speaker:
    speakers: dict[Protocol, Speaker] = {
        Protocol.IMAP: speak_imap,
        Protocol.POP3: speak_pop3,
        Protocol.SIEVE: speak_sieve,
        Protocol.HTTP: speak_http,
    }
    return speakers[protocol]
