"""TLS sessions that clients keep, and connections that offer them again."""

import socket
import ssl

from tests.support.addresses import own_address
from tests.support.clear import STARTTLS


def connect(
    context: ssl.SSLContext,
    port: int,
    hostname: str,
    *,
    session: ssl.SSLSession | None = None,
    starttls: str | None = None,
) -> ssl.SSLSocket:
    """A client past its handshake; `session` is offered, `starttls` is the protocol to upgrade."""
    sock = socket.create_connection(("127.0.0.1", port), 15, (own_address(), 0))
    try:
        if starttls:
            # One line each of greeting and go-ahead: enough for SMTP, IMAP and POP3.
            _line(sock)
            sock.sendall(STARTTLS[starttls])
            _line(sock)
        return context.wrap_socket(sock, server_hostname=hostname, session=session)
    except BaseException:
        sock.close()
        raise


def session_of(sock: ssl.SSLSocket, probe: bytes = b"x") -> ssl.SSLSession:
    """What can be offered later. TLS 1.3 sends it behind the handshake: so something is read."""
    sock.sendall(probe)
    assert sock.recv(1000)
    session = sock.session
    assert session is not None
    return session


def _line(sock: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        byte = sock.recv(1)
        assert byte
        line += byte
    return line
