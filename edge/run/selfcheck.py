"""Which leaf a listener of ours really serves: a TLS handshake with it, as a client makes one.

With TLS 1.3 it stops before the client's Finished goes out: by then the server has shown its
certificate and proved that it has the key, and no backend has been bothered.
"""

import asyncio
import hashlib
import ssl
from dataclasses import dataclass
from typing import Final

from edge.config.tree import Listener, Mode, TcpAddress
from edge.core.protocol import Protocol

_DEADLINE_S: Final = 10.0
_READ_BYTES: Final = 16384
_LINE_BYTES: Final = 4096
_LINES: Final = 200
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class NotServingTlsError(Exception):
    """The listener does not speak TLS now: it says that its backend is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen at one address."""

    leaf_sha256: str | None
    failure: str | None
    is_silent: bool = False
    """Nobody answered in time, as where there is no room for a connection more: whatever it serves,
    this says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One handshake: the name asked for, and whether only an RSA certificate will do."""

    server_name: str | None
    is_rsa_only: bool


def dialled(address: TcpAddress) -> tuple[str, int]:
    """Where to connect to, to reach a listener that is bound to `address`."""
    return _WILDCARDS.get(address.host, address.host), address.port


async def see(listener: Listener, address: TcpAddress, question: Question) -> Sight:
    """Ask one listener at one of its addresses. Raises NotServingTlsError."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            return Sight(leaf_sha256=await _leaf(listener, address, question), failure=None)
    except TimeoutError:
        return Sight(leaf_sha256=None, failure=f"no answer in {_DEADLINE_S:g} s", is_silent=True)
    except ssl.SSLError as error:
        failure = f"TLS handshake: {error.reason or type(error).__name__}"
    except (OSError, EOFError, ValueError) as error:
        failure = str(error) or type(error).__name__
    return Sight(leaf_sha256=None, failure=failure[:200])


async def _leaf(listener: Listener, address: TcpAddress, question: Question) -> str:
    host, port = dialled(address)
    reader, writer = await asyncio.open_connection(host, port, limit=_LINE_BYTES)
    try:
        if listener.mode is Mode.STARTTLS:
            await _ask_for_tls(listener.protocol, reader, writer)
        return await _handshake(reader, writer, question)
    finally:
        writer.transport.abort()


async def _handshake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: Question
) -> str:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = _context(question).wrap_bio(incoming, outgoing, server_hostname=question.server_name)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            writer.write(outgoing.read())
            data = await reader.read(_READ_BYTES)
            if not data:
                raise EOFError("the listener ended the connection in the handshake") from None
            incoming.write(data)
        else:
            break
    certificate = tls.getpeercert(binary_form=True)
    if not certificate:
        raise EOFError("the listener showed no certificate")
    return hashlib.sha256(certificate).hexdigest()


def _context(question: Question) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Whether a CA signed it is not the question, only whether it is the one that is stored.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if question.is_rsa_only:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+aRSA")
    return context


async def _ask_for_tls(
    protocol: Protocol | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Speak the opening until the go-ahead. Without a configured protocol, the greeting tells."""
    greeting = await _line(reader)
    if greeting.startswith(b"220"):
        await _until(reader, greeting, b"220 ")
        writer.write(b"EHLO localhost\r\n")
        await _until(reader, await _line(reader), b"250 ")
        writer.write(b"STARTTLS\r\n")
        await _until(reader, await _line(reader), b"220 ")
    elif greeting.startswith(b"* OK"):
        writer.write(b"a STARTTLS\r\n")
        await _until(reader, await _line(reader), b"a OK")
    elif greeting.startswith(b"+OK"):
        writer.write(b"STLS\r\n")
        await _until(reader, await _line(reader), b"+OK")
    elif protocol is Protocol.SIEVE or greeting.startswith(b'"'):
        await _until(reader, greeting, b"OK")
        writer.write(b"STARTTLS\r\n")
        await _until(reader, await _line(reader), b"OK")
    else:
        raise NotServingTlsError


async def _until(reader: asyncio.StreamReader, first: bytes, wanted: bytes) -> None:
    """Read lines up to the one that begins as wanted. Raises NotServingTlsError at a refusal."""
    line = first
    for _ in range(_LINES):
        if line.startswith(wanted):
            return
        if line.startswith((b"4", b"5", b"* BYE", b"a NO", b"a BAD", b"-ERR", b"BYE", b"NO")):
            raise NotServingTlsError
        line = await _line(reader)
    raise NotServingTlsError


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readline()
    if not line:
        raise NotServingTlsError
    return line
