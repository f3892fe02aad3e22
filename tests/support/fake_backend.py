"""A backend that does what a test tells it: it reads the PROXY header, then runs a script.

Probes of the edge (LOCAL headers) are always answered nicely, so that a listener comes up; the
script meets the real clients only.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.support.journal import Journal
from tests.support.proxy_header import Header, read_header, read_v1_header

CONVERSATION_TIMEOUT_S = 30.0


class Conversation:
    """One accepted connection, on a blocking socket, in a thread of its own."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._ended = threading.Event()
        self.header: Header | None = None
        self.is_past_header = False
        self.received = bytearray()
        """All bytes behind the header, in order."""
        self.end = "open"
        """`open`, then `eof` or `reset`: how the edge ended its direction."""

    def __repr__(self) -> str:
        return f"<{self.header} received {bytes(self.received[:200])!r} end {self.end}>"

    @property
    def is_probe(self) -> bool:
        return self.header is not None and self.header.is_local

    def is_for(self, source: str | None) -> bool:
        """Whether it is no probe, and on behalf of the client at `source` if that is given.

        A client of another test that left early may still cause a connection now.
        """
        if self.is_probe or source is None:
            return not self.is_probe
        return (
            self.header is not None
            and self.header.source is not None
            and (self.header.source[0] == source)
        )

    def has_begun(self) -> bool:
        """Wait for the first byte; False at an end of the stream without any."""
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except ConnectionResetError:
            return False

    def send(self, data: bytes) -> None:
        """Write all of it; a peer that is gone is no error."""
        with suppress(ConnectionError):
            self._sock.sendall(data)

    def line(self) -> bytes:
        """One line with its LF; what is left, or nothing, at the end of the stream."""
        while b"\n" not in self._buffer and self._fill():
            pass
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        return self._take(end)

    def exactly(self, count: int) -> bytes:
        """`count` bytes, or fewer at the end of the stream."""
        # Not a byte more while the header is read: a script may go on with the bare socket.
        while (need := count - len(self._buffer)) > 0 and self._fill(
            65536 if self.is_past_header else need
        ):
            pass
        return self._take(count)

    def drain(self) -> None:
        """Read until the edge ends its direction."""
        while self._fill():
            self._buffer.clear()

    def half_close(self) -> None:
        """Send a FIN and keep on reading."""
        self._sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close with a RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._sock.close()

    def wait_end(self, timeout_s: float = 15.0) -> str:
        """`eof` or `reset`, once the conversation is over; AssertionError when it goes on."""
        assert self._ended.wait(timeout_s), f"still open: {self!r}"
        return self.end

    @property
    def sock(self) -> socket.socket:
        """For scripts that move bulk data; nothing may be buffered then."""
        assert not self._buffer
        return self._sock

    def close(self) -> None:
        self._sock.close()
        self._ended.set()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _fill(self, at_most: int = 65536) -> bool:
        if self.end != "open":
            return False
        try:
            data = self._sock.recv(at_most)
        except ConnectionResetError:
            self.end = "reset"
            return False
        if not data:
            self.end = "eof"
            return False
        self._buffer += data
        if self.is_past_header:
            self.received += data
        return True


Script = Callable[[Conversation], None]


class FakeBackend:
    """Listens on 127.0.0.1:`port`, or on a unix socket; `probe` serves LOCAL connections."""

    def __init__(
        self,
        script: Script,
        *,
        probe: Script | None = None,
        port: int = 0,
        path: Path | None = None,
        proxy_protocol: str = "v2",
    ) -> None:
        self.port = port
        self._script = script
        self._probe = probe or script
        self._proxy_protocol = proxy_protocol
        self.conversations: Journal[Conversation] = Journal("fake backend")
        self.errors: list[BaseException] = []
        self._open: set[Conversation] = set()
        if path is not None:
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(str(path))
            self._listener.listen(64)
        else:
            self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self._threads = [threading.Thread(target=self._accept, name="fake backend", daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.close()
        if kind is None:
            assert not self.errors, f"a script failed: {self.errors!r}"

    def client(
        self, source: str | None = None, *, since: int = 0, timeout_s: float = 15.0
    ) -> Conversation:
        """The first connection from the mark `since` for a client, at the address `source`."""
        return self.conversations.wait_for(
            lambda one: one.is_for(source), f"client {source}", since=since, timeout_s=timeout_s
        )

    def clients(self, source: str | None = None, *, since: int = 0) -> list[Conversation]:
        """Every connection so far that is no probe."""
        return [one for one in self.conversations.items(since) if one.is_for(source)]

    def close(self) -> None:
        """Stop listening, end every conversation, and wait for the threads."""
        # close() alone does not wake a thread that is in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            with suppress(OSError):
                one._sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "a script does not end"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(CONVERSATION_TIMEOUT_S)
            one = Conversation(sock)
            self._open.add(one)
            thread = threading.Thread(target=self._converse, args=(one,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _converse(self, one: Conversation) -> None:
        try:
            if self._proxy_protocol != "off":
                if not one.has_begun():
                    # The edge gave up before its connect was complete: the client had gone.
                    return
                read = read_header if self._proxy_protocol == "v2" else read_v1_header
                one.header = read(one.exactly)
            one.is_past_header = True
            self.conversations.add(one)
            (self._probe if one.is_probe else self._script)(one)
        except OSError:
            # The edge, or the test, ended it in the middle of the script.
            if one.end == "open":
                one.end = "reset"
        except BaseException as error:
            self.errors.append(error)
            raise
        finally:
            one.close()
            self._open.discard(one)
