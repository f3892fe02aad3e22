"""Events as JSON lines, in ASCII: nothing in them can act upon a terminal."""

import json
from collections.abc import Callable

import msgspec

from edge.demo.events import Visited
from edge.demo.header import describe_tlvs, host_and_port
from edge.demo.journal import Opened, Received
from edge.demo.standin.account import PASSWORD, USER
from edge.demo.view import Start
from edge.ops.records import Closed


class JsonView:
    """One object a line, its kind in `event`; the edge's own records keep their form."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def start(self, start: Start) -> None:
        """`demo.ready`."""
        listeners = [
            {
                "listener": place.service.name,
                "protocol": place.service.protocol,
                "mode": place.service.mode,
                "port": place.port,
                "bind": place.binds,
                "backend": place.backend,
            }
            for place in start.places
        ]
        self._say(
            "demo.ready",
            listeners=listeners,
            user=USER,
            password=PASSWORD,
            ca=str(start.ca),
            config=str(start.config),
            commands=[command.line for command in start.commands],
        )

    def opened(self, opened: Opened) -> None:
        """`connection.opened`."""
        record = opened.established
        self._say(
            "connection.opened",
            id=opened.id,
            established=None if record is None else msgspec.to_builtins(record),
            header=None if opened.received is None else _header(opened.received),
        )

    def closed(self, record: Closed) -> None:
        """`connection.closed`, as the edge wrote it."""
        fields: dict[str, object] = msgspec.to_builtins(record)
        self._say(str(fields.pop("event")), **fields)

    def visited(self, visited: Visited) -> None:
        """`demo.visited`."""
        self._say(
            "demo.visited",
            listener=visited.listener,
            tls=visited.is_tls,
            problem=visited.problem,
        )

    def said(self, text: str) -> None:
        """`demo.note`."""
        self._say("demo.note", text=text)

    def ending(self) -> None:
        """`demo.ending`."""
        self._say("demo.ending")

    def finished(self, worked: int, visits: int) -> None:
        """`demo.finished`."""
        self._say("demo.finished", worked=worked, visits=visits)

    def _say(self, event: str, **fields: object) -> None:
        text = json.dumps({"event": event, **fields}, ensure_ascii=True)
        # DEL is the one control character that JSON leaves as it is.
        self._write(text.replace("\x7f", "\\u007f") + "\n")


def _header(received: Received) -> dict[str, object]:
    header = received.header
    return {
        "service": received.service,
        "version": header.version,
        "source": host_and_port(header.source),
        "destination": host_and_port(header.destination),
        "tlvs": dict(describe_tlvs(header)),
        "bytes": len(received.raw),
        "hex": received.raw.hex(),
    }
