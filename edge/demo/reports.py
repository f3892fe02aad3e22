"""Lines of the two processes, as events."""

import msgspec

from edge.core.proxy.decode import decode
from edge.demo.events import Ready, Said
from edge.demo.journal import Received
from edge.demo.standin.reports import HeaderReport, Report
from edge.errors import NEED_MORE, ProtocolError
from edge.ops.records import Closed, Established


class _Line(msgspec.Struct, frozen=True):
    event: str
    level: str = "info"


def edge_event(line: bytes) -> Ready | Said | Established | Closed | None:
    """What a line of the edge's standard error says; None for what is not worth showing."""
    try:
        head = msgspec.json.decode(line, type=_Line)
        match head.event:
            case "edge.ready":
                return Ready(who="edge")
            case "tls.established":
                return msgspec.json.decode(line, type=Established)
            case "connection.closed":
                return msgspec.json.decode(line, type=Closed)
            case _ if head.level == "info":
                return None  # all that goes as it should: what was learnt, who was started
            case _:
                pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # a traceback is shown as it is
    return Said(text=line.decode(errors="backslashreplace"))


def standin_event(line: bytes) -> Ready | Said | Received | None:
    """What a line of the stand-in says; None for the header of a probe."""
    try:
        report = msgspec.json.decode(line, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Said(text=line.decode(errors="backslashreplace"))
    match report:
        case HeaderReport():
            return _received(report)
        case _:
            return Ready(who="stand-in")


def _received(report: HeaderReport) -> Received | Said | None:
    raw = bytes.fromhex(report.header)
    try:
        header = decode(raw)
    except ProtocolError as error:
        return Said(text=f"the stand-in got a bad header: {error.detail}")
    if header is NEED_MORE or header.command == "local":
        return None
    return Received(service=report.service, raw=raw, header=header)
