"""The stand-in's web server: one page that says how the visitor came."""

from typing import Final

from edge.demo.header import describe_tlvs, host_and_port
from edge.demo.standin.account import Account
from edge.demo.standin.wire import Wire

_HEADER_LINES: Final = 100


async def speak_http(wire: Wire, _account: Account) -> None:
    """Answer one request and close."""
    request = await wire.line()
    for _ in range(_HEADER_LINES):
        if not await wire.line():
            break
    if request is None:
        return
    body = _page(wire)
    await wire.send(
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        b"",
    )
    wire.writer.write(b"" if request.startswith(b"HEAD ") else body)
    await wire.writer.drain()


def _page(wire: Wire) -> bytes:
    lines = [f"You are {host_and_port(wire.header.source)}, says the edge's PROXY header, and:", ""]
    lines += [f"  {name:<12} {text}" for name, text in describe_tlvs(wire.header)]
    return "".join(f"{line}\n" for line in lines).encode()
