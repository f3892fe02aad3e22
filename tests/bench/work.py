"""The kinds of work a client does, each through one fresh set of connections."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.pki import HOSTNAME

_BULK_BYTES: Final = 200_000_000
_HANDSHAKES: Final = 1500
_ROUND_TRIPS: Final = 15_000
_IDLE: Final = 400

Connect = Callable[[], ssl.SSLSocket]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`run` does it; its cost is divided by `units`."""

    name: str
    unit: str
    units: int
    is_starttls: bool
    run: Callable[[ssl.SSLContext, int], object]


def connect(context: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    """A client past its handshake."""
    sock = socket.create_connection(("127.0.0.1", port), 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(sock, server_hostname=HOSTNAME, session=session)


def _echo(sock: ssl.SSLSocket) -> None:
    sock.sendall(b"E")
    if sock.recv(1) != b"E":
        raise ConnectionError("no echo")


def _handshakes(context: ssl.SSLContext, port: int) -> None:
    for _ in range(_HANDSHAKES):
        with connect(context, port, None) as sock:
            _echo(sock)


def _resumptions(context: ssl.SSLContext, port: int) -> None:
    session = None
    for number in range(_HANDSHAKES):
        with connect(context, port, session) as sock:
            _echo(sock)
            if number and not sock.session_reused:
                raise ConnectionError("not resumed")
            session = sock.session


def _starttls(context: ssl.SSLContext, port: int) -> None:
    for _ in range(_HANDSHAKES):
        plain = socket.create_connection(("127.0.0.1", port), 30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.recv(1000)
        plain.sendall(b"EHLO bench.example.org\r\n")
        plain.recv(1000)
        plain.sendall(b"STARTTLS\r\n")
        plain.recv(1000)
        with context.wrap_socket(plain, server_hostname=HOSTNAME) as sock:
            sock.sendall(b"EHLO bench.example.org\r\n")
            sock.recv(1000)


def _down(context: ssl.SSLContext, port: int) -> None:
    with connect(context, port, None) as sock:
        sock.sendall(b"S%d\n" % _BULK_BYTES)
        left, buffer = _BULK_BYTES, bytearray(262144)
        while left > 0:
            count = sock.recv_into(buffer)
            if not count:
                raise ConnectionError("cut short")
            left -= count


def _up(context: ssl.SSLContext, port: int) -> None:
    block = b"D" + b"x" * 262143
    with connect(context, port, None) as sock:
        for _ in range(_BULK_BYTES // len(block)):
            sock.sendall(block)
        sock.sendall(b"Z")
        sock.recv(1)


def _chat(context: ssl.SSLContext, port: int) -> None:
    with connect(context, port, None) as sock:
        for _ in range(_ROUND_TRIPS):
            _echo(sock)


def _idle(context: ssl.SSLContext, port: int) -> list[ssl.SSLSocket]:
    """The connections, open: the memory they cost is what is measured."""
    sockets = [connect(context, port, None) for _ in range(_IDLE)]
    for sock in sockets:
        _echo(sock)
    return sockets


def _work(name: str, unit: str, units: int, run: Callable[..., object]) -> Work:
    return Work(name=name, unit=unit, units=units, is_starttls=run is _starttls, run=run)


ALL: Final = (
    # First: later, memory that was freed is used again and idle connections seem to cost nothing.
    _work("idle", "KiB/connection", _IDLE, _idle),
    _work("handshake", "us/connection", _HANDSHAKES, _handshakes),
    _work("resume", "us/connection", _HANDSHAKES, _resumptions),
    _work("starttls-smtp", "us/connection", _HANDSHAKES, _starttls),
    _work("down", "us/MB", _BULK_BYTES // 1_000_000, _down),
    _work("up", "us/MB", _BULK_BYTES // 1_000_000, _up),
    _work("chat", "us/round trip", _ROUND_TRIPS, _chat),
)
