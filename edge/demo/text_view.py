"""The display for a person: the start screen, then a block for each connection."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from edge import __version__
from edge.config.tree import Mode
from edge.core.protocol import Protocol
from edge.demo.events import Visited
from edge.demo.header import describe_tlvs, host_and_port
from edge.demo.journal import Opened, Received
from edge.demo.places import EDGE_HOST, Place
from edge.demo.standin.account import PASSWORD, USER
from edge.demo.terminal import Style, printable
from edge.demo.view import Start
from edge.ops.records import Closed, Established

_HEX_COLUMNS: Final = 64
_INDENT: Final = " " * 10


class TextView:
    """Blocks of lines; a blank line before each."""

    def __init__(self, write: Callable[[str], object], style: Style) -> None:
        self._write = write
        self._style = style

    def start(self, start: Start) -> None:
        """What listens where, and what to try."""
        style = self._style
        lines = [
            style.bold(f"stalwart-edge {__version__} demo") + ", on this machine only",
            "",
            style.dim(f"  {'listener':<13}{'edge':<17}{'clients come with':<30}stand-in server"),
            *(f"  {_place_line(place)}" for place in start.places),
            "",
            f"  login          {USER} / {PASSWORD}",
            f"  CA             {start.ca}",
            f"  configuration  {start.config}",
            "",
            style.bold("Try in another terminal:"),
        ]
        for command in start.commands:
            if command.about:
                lines.append(style.dim(f"  # {command.about}"))
            lines.append(f"  {command.line}")
        lines += ["", style.bold("Connections appear here; Ctrl-C ends it.")]
        self._show(lines)

    def opened(self, opened: Opened) -> None:
        """Who came how, and what the backend was told."""
        record, received = opened.established, opened.received
        if record is not None:
            lines = self._tls_lines(record)
        else:
            service = received.service if received else "-"
            client = host_and_port(received.header.source) if received else "-"
            lines = [
                f"{self._head(service, opened.id)}  {self._style.warning('plaintext')}",
                f"{_INDENT}client    {client}",
            ]
        if received is not None:
            lines += self._header_lines(received)
        self._show(lines)

    def closed(self, record: Closed) -> None:
        """How it ended, and what passed."""
        detail = f" ({printable(record.detail)})" if record.detail else ""
        sums = f"{record.bytes_in} bytes in, {record.bytes_out} bytes out"
        line = f"{printable(record.outcome)}{detail}: {sums}, {record.duration_ms / 1000:.3f} s"
        head = self._head(printable(record.listener), record.id)
        self._show([f"{head}  {line}"], is_apart=False)

    def visited(self, visited: Visited) -> None:
        """Only what failed is worth a line; what worked has its block."""
        how = "over TLS" if visited.is_tls else "in plaintext"
        if visited.problem is not None:
            problem = printable(visited.problem)
            self.said(f"the demo's own session with {visited.listener} {how} failed: {problem}")

    def said(self, text: str) -> None:
        """One line, of the edge or about it."""
        self._show([self._style.warning("! ") + printable(text)], is_apart=False)

    def ending(self) -> None:
        """On a line of its own, not behind the terminal's `^C`."""
        self._show(["Ending."])

    def finished(self, worked: int, visits: int) -> None:
        """The sum of `--once`."""
        text = f"{worked} of {visits} sessions through the edge worked."
        self._show([self._style.good(text) if worked == visits else self._style.warning(text)])

    def _head(self, listener: str, connection_id: str) -> str:
        now = datetime.now().astimezone().strftime("%H:%M:%S")
        return (
            f"{self._style.dim(now)}  {self._style.bold(f'{listener:<11}')} "
            f"{self._style.dim(printable(connection_id))}"
        )

    def _tls_lines(self, record: Established) -> list[str]:
        style = self._style
        how = "STARTTLS" if record.starttls else "implicit TLS"
        session = [record.tls_version, record.cipher, record.group or "-"]
        extra = [
            *([f"ALPN {printable(record.alpn)}"] if record.alpn else []),
            *(["resumed"] if record.resumed else []),
        ]
        client = host_and_port((printable(record.client_ip), record.client_port))
        head = self._head(printable(record.listener), record.id)
        return [
            f"{head}  {style.good(printable(record.tls_version))}",
            f"{_INDENT}client    {client}, {printable(record.protocol)} with {how}",
            f"{_INDENT}TLS       {printable(' '.join(session))}",
            f"{_INDENT}SNI       {printable(record.sni or '-')}  {'  '.join(extra)}".rstrip(),
            f"{_INDENT}JA4       {printable(record.ja4)}",
        ]

    def _header_lines(self, received: Received) -> list[str]:
        header, raw = received.header, received.raw.hex()
        source, destination = host_and_port(header.source), host_and_port(header.destination)
        pieces = [raw[at : at + _HEX_COLUMNS] for at in range(0, len(raw), _HEX_COLUMNS)]
        return [
            f"{_INDENT}PROXY v{header.version}  {source} -> {destination}, {len(raw) // 2} bytes",
            *(f"{_INDENT}  {name:<12} {text}" for name, text in describe_tlvs(header)),
            *(self._style.dim(f"{_INDENT}  {piece}") for piece in pieces),
        ]

    def _show(self, lines: Iterable[str], *, is_apart: bool = True) -> None:
        self._write("\n" * is_apart + "".join(f"{line}\n" for line in lines))


def _place_line(place: Place) -> str:
    service = place.service
    how = {Mode.TLS: "TLS", Mode.STARTTLS: "STARTTLS"}[service.mode]
    if not service.require_tls:
        how += " or plaintext"
    name = "ManageSieve" if service.protocol is Protocol.SIEVE else service.protocol.upper()
    protocol = f"{name}, {how}"
    return f"{service.name:<13}{f'{EDGE_HOST}:{place.port}':<17}{protocol:<30}{place.backend}"
