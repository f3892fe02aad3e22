"""A ManageSieve session (RFC 5804) by hand: Python has no client for it."""

import base64
import io
import socket
import ssl
from typing import Final

from edge.demo.places import SERVER_NAME
from edge.demo.standin.account import PASSWORD, USER

_LINES: Final = 100
_SCRIPT: Final = b"keep;\r\n"


class SieveRefusedError(Exception):
    """The server said NO or BYE, or something that is not ManageSieve."""


def visit_sieve(port: int, tls: ssl.SSLContext, *, timeout_s: float) -> None:
    """STARTTLS, log in, store a script and list it. Raises OSError, SieveRefusedError."""
    with socket.create_connection((SERVER_NAME, port), timeout_s) as plain:
        with plain.makefile("rb", buffering=0) as lines:
            _answer(lines)
            plain.sendall(b"STARTTLS\r\n")
            _answer(lines)
        with (
            tls.wrap_socket(plain, server_hostname=SERVER_NAME) as secure,
            secure.makefile("rb") as lines,
        ):
            _answer(lines)
            login = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
            for command in (
                b'AUTHENTICATE "PLAIN" "%s"' % login,
                b'PUTSCRIPT "visit" {%d+}\r\n%s' % (len(_SCRIPT), _SCRIPT),
                b"LISTSCRIPTS",
                b"LOGOUT",
            ):
                secure.sendall(command + b"\r\n")
                _answer(lines)


def _answer(lines: io.BufferedIOBase | io.RawIOBase) -> None:
    for _ in range(_LINES):
        line = lines.readline()
        if line.startswith(b"OK"):
            return
        if not line.startswith(b'"'):
            raise SieveRefusedError(f"the server said {line!r}")
    raise SieveRefusedError("the answer has no end")
