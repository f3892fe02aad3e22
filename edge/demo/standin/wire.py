"""One connection from the edge: its PROXY header first, then lines of a mail protocol."""

import asyncio
from dataclasses import dataclass
from typing import Final

from edge.core.proxy.decode import Decoded, decode
from edge.core.proxy.tlv import PP2_CLIENT_SSL
from edge.core.proxy.wire import SIGNATURE
from edge.errors import NEED_MORE, ProtocolError
from edge.outcome import Outcome

LINE_LIMIT_BYTES: Final = 8192
_FIXED_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What a dialogue needs: lines in, bytes out, and whether the client's side is TLS."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    header: Decoded

    @property
    def is_tls(self) -> bool:
        """What the SSL TLV says; nothing else makes a connection secure here."""
        return is_tls(self.header)

    async def line(self) -> bytes | None:
        """The next line without its line end; None at the end, or when it is far too long."""
        try:
            line = await self.reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return None
        return line.rstrip(b"\r\n")

    async def exactly(self, size: int) -> bytes | None:
        """The next `size` bytes (a literal); None when the stream ends before."""
        try:
            return await self.reader.readexactly(size)
        except asyncio.IncompleteReadError:
            return None

    async def send(self, *lines: bytes) -> None:
        """Write lines, each with CRLF."""
        self.writer.write(b"".join(line + b"\r\n" for line in lines))
        await self.writer.drain()


def is_tls(header: Decoded) -> bool:
    """Whether the client's own connection is TLS, by PP2_CLIENT_SSL (PROXY protocol, 2.2.6)."""
    return header.ssl is not None and bool(header.ssl.client & PP2_CLIENT_SSL)


async def read_header(reader: asyncio.StreamReader) -> tuple[bytes, Decoded]:
    """One PROXY v2 header, as it came and decoded; not one byte behind it is taken.

    Raises:
        ProtocolError: it is no such header, or a truncated one.
    """
    try:
        raw = await reader.readexactly(_FIXED_BYTES)
        if not raw.startswith(SIGNATURE):
            raise ProtocolError(Outcome.WRONG_PROTOCOL, "no version 2 header")
        raw += await reader.readexactly(int.from_bytes(raw[14:16], "big"))
    except asyncio.IncompleteReadError as error:
        raise ProtocolError(Outcome.WRONG_PROTOCOL, "it ended inside the header") from error
    header = decode(raw)
    if header is NEED_MORE:
        raise ProtocolError(Outcome.WRONG_PROTOCOL, "the header is not whole")
    return raw, header
