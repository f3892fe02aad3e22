"""An active attacker between a client and a clear-text port, who works on the server's lines."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.support.addresses import own_address
from tests.support.clear import STARTTLS

LineFilter = Callable[[bytes], bytes]
"""A line of the server as it came, CRLF included; returns what the client gets instead."""


class ManInTheMiddle:
    """Listens on 127.0.0.1:`port` and forwards to 127.0.0.1:`target`.

    `on_server_line` rewrites what the server says. `on_client_line` may return an answer of its
    own: then the line is not forwarded.
    """

    def __init__(
        self,
        port: int,
        target: int,
        *,
        on_server_line: LineFilter,
        on_client_line: Callable[[bytes], bytes | None] = lambda line: None,
    ) -> None:
        self._target = target
        self._on_server_line = on_server_line
        self._on_client_line = on_client_line
        self._listener = socket.create_server(("127.0.0.1", port))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.addresses: list[str] = []
        """Where its own connections to the server came from."""
        self.heard: list[bytes] = []
        """Every line that clients sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        for sock in (self._listener, *self._sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._sockets):
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            source = own_address()
            server = socket.create_connection(("127.0.0.1", self._target), 15, (source, 0))
            self.addresses.append(source)
            self._sockets += [client, server]
            for work in (self._downwards, self._upwards):
                thread = threading.Thread(target=work, args=(client, server), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _downwards(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as lines:
            for line in lines:
                client.sendall(self._on_server_line(line))
            client.shutdown(socket.SHUT_WR)

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as lines:
            for line in lines:
                self.heard.append(line)
                answer = self._on_client_line(line)
                if answer is None:
                    server.sendall(line)
                else:
                    client.sendall(answer)
            server.shutdown(socket.SHUT_WR)


def without_starttls(line: bytes) -> bytes:
    """The server's line with the offer of STARTTLS taken out, whatever the protocol."""
    if line.upper().startswith((b"* CAPABILITY", b"* OK [CAPABILITY")):
        return line.replace(b" STARTTLS", b"")
    if line.upper().startswith((b"250-STARTTLS", b'"STARTTLS"', b"STLS")):
        return b""
    # The last line of an EHLO reply has no hyphen; a NOOP of an extension keeps the reply whole.
    return b"250 NOOP\r\n" if line.upper().startswith(b"250 STARTTLS") else line


def refusing_starttls(protocol: str) -> Callable[[bytes], bytes | None]:
    """Answers the client's STARTTLS with an error, in the name of the server."""
    verb = STARTTLS[protocol].split()[-1]

    def answer(line: bytes) -> bytes | None:
        if line.upper().split()[-1:] != [verb]:
            return None
        match protocol:
            case "smtp":
                return b"454 4.7.0 TLS not available\r\n"
            case "imap":
                return line.split()[0] + b" NO not now\r\n"
            case "pop3":
                return b"-ERR not now\r\n"
            case _:
                return b'NO "not now"\r\n'

    return answer
