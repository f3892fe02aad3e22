"""The stand-in's process: `python -m edge.demo.standin NAME=PROTOCOL=HOST:PORT …`.

Says `{"event": "ready"}` on standard output once all ports are bound, then one line for each
PROXY header. It ends when its standard input does, so it never outlives the demo.
"""

import asyncio
import contextlib
import logging
import sys
from typing import Final

import msgspec

from edge.core.protocol import Protocol
from edge.demo.standin.account import first_account
from edge.demo.standin.reports import HeaderReport, Ready
from edge.demo.standin.server import Spot, listen

_READ_BYTES: Final = 4096


def main() -> None:
    """Serve until standard input ends; Ctrl-C is the demo's to handle, not ours."""
    # aiosmtpd logs every command, and asyncio every reset: the display tells what happened.
    logging.disable()
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_serve([_spot(text) for text in sys.argv[1:]]))


async def _serve(spots: list[Spot]) -> None:
    account = first_account()
    servers = [await listen(spot, account, _report_header) for spot in spots]
    _say(Ready())
    await _end_of_stdin()
    for server in servers:
        server.close()


def _report_header(service: str, raw: bytes) -> None:
    _say(HeaderReport(service=service, header=raw.hex()))


def _say(report: Ready | HeaderReport) -> None:
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    sys.stdout.flush()


async def _end_of_stdin() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(_READ_BYTES):
        pass


def _spot(text: str) -> Spot:
    name, protocol, address = text.split("=")
    host, _, port = address.rpartition(":")
    return Spot(name=name, protocol=Protocol(protocol), host=host, port=int(port))


main()
