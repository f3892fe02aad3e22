"""Whole dialogues with a service of the stand-in, in memory: all that the client sends at once."""

import asyncio

from edge.core.proxy.decode import Decoded, decode
from edge.demo.standin.account import Account, first_account
from edge.demo.standin.server import Speaker
from edge.demo.standin.wire import LINE_LIMIT_BYTES, Wire
from tests.support.proxy_header import make_header

CLIENT = ("192.0.2.7", 50000)
EDGE = ("192.0.2.1", 993)


class MemoryWriter:
    """The part of a StreamWriter that a dialogue uses."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None:
        pass


def header(*, tls: bool) -> Decoded:
    decoded = decode(make_header(CLIENT, EDGE, tls=tls))
    assert isinstance(decoded, Decoded)
    return decoded


def talk(
    speak: Speaker, *commands: str, tls: bool = True, account: Account | None = None
) -> list[str]:
    """The lines the service says to a client that sends these, each with CRLF, and hangs up."""

    async def session() -> bytes:
        reader = asyncio.StreamReader(limit=LINE_LIMIT_BYTES)
        reader.feed_data("".join(f"{command}\r\n" for command in commands).encode())
        reader.feed_eof()
        writer = MemoryWriter()
        wire = Wire(reader=reader, writer=writer, header=header(tls=tls))
        await speak(wire, account or first_account())
        return writer.written

    return asyncio.run(session()).decode().removesuffix("\r\n").split("\r\n")
