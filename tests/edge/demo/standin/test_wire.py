"""The header in front of everything, and who is served behind it."""

import asyncio

import pytest

from edge.core.protocol import Protocol
from edge.demo.standin.account import first_account
from edge.demo.standin.http import speak_http
from edge.demo.standin.server import Spot, listen
from edge.demo.standin.wire import is_tls, read_header
from edge.errors import ProtocolError
from tests.edge.demo.standin.talk import CLIENT, EDGE, header, talk
from tests.support.handmade_headers import SIGNATURE
from tests.support.handmade_headers import header as handmade
from tests.support.ports import Ports
from tests.support.proxy_header import make_header

LOCAL = SIGNATURE + b"\x20\0\0\0"
HOST = "127.0.0.2"


def read(data: bytes) -> tuple[bytes, bytes]:
    """The header's bytes and what was left behind it."""

    async def session() -> tuple[bytes, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        raw, decoded = await read_header(reader)
        assert decoded.consumed == len(raw)
        return raw, await reader.read()

    return asyncio.run(session())


@pytest.mark.parametrize("raw", [LOCAL, make_header(CLIENT, EDGE, tls=True)])
def test_takes_the_header_and_not_a_byte_more(raw: bytes) -> None:
    assert read(raw + b"a NOOP\r\n") == (raw, b"a NOOP\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        LOCAL[:-1],
        make_header(CLIENT, EDGE, tls=True)[:-1],
        b"PROXY TCP4 192.0.2.7 192.0.2.1 50000 993\r\n",
        b"EHLO mail.example.org\r\n",
        handmade(0x21, 0x11, bytes(3)),
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(0xFFFF),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(data)


def test_only_the_ssl_tlv_makes_it_tls() -> None:
    assert is_tls(header(tls=True))
    assert not is_tls(header(tls=False))


def test_the_web_page_tells_how_the_visitor_came() -> None:
    lines = talk(speak_http, "GET / HTTP/1.1", "Host: x", "")
    page = "\n".join(lines)
    assert lines[0] == "HTTP/1.1 200 OK"
    assert f"{CLIENT[0]}:{CLIENT[1]}" in page
    head = talk(speak_http, "HEAD / HTTP/1.1", "")
    assert head[-1] == ""


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
@pytest.mark.parametrize("data", [b"", b"EHLO x\r\n" * 10, LOCAL[:12] + b"\x2f\0\0\0"])
def test_without_a_header_nothing_is_said(ports: Ports, protocol: Protocol, data: bytes) -> None:
    async def session() -> tuple[bytes, list[bytes]]:
        headers: list[bytes] = []
        spot = Spot(name="x", protocol=protocol, host=HOST, port=ports.take())
        server = await listen(spot, first_account(), lambda _, raw: headers.append(raw))
        async with server:
            reader, writer = await asyncio.open_connection(spot.host, spot.port)
            writer.write(data)
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            return answer, headers

    assert asyncio.run(session()) == (b"", [])
