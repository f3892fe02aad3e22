"""Clients that send and do not read, in front of a backend that repeats what it gets.

Both directions fill up: the worker reads no more from anybody and keeps only one read of each
direction. When the clients read again, every byte arrives in order.
"""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256

from tests.support.bulk import MEGABYTE, chunks, digest
from tests.support.clear import ClearClient
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import Conversation, FakeBackend
from tests.support.own_edge import StartEdge
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo

CLIENTS = 2
TOTAL_BYTES = 100 * MEGABYTE
"""More than the kernel keeps on the way: up to 32 MiB for each socket of the edge that reads."""
PEER_BUFFER_BYTES = 64 * 1024
"""Of the other sockets that read: with a size of their own they do not grow."""
STALLED_S = 0.5
"""Nobody could send for as long: everything on the way is full."""
GROWTH_BYTES = 6 * MEGABYTE
"""Of the worker, for all clients together; the memory of its allocator is in it."""


class SlowClient:
    """Sends when it may, and reads only when told to."""

    def __init__(self, client: ClearClient, context: ssl.SSLContext) -> None:
        self.sock = client.sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=HOSTNAME)
        self._handshake()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PEER_BUFFER_BYTES)
        self.sock.setblocking(False)
        self._chunks: Iterator[bytes] = chunks(TOTAL_BYTES)
        self._unsent = memoryview(b"")
        self._hash = sha256()
        self.received = 0
        self.has_sent_all = False

    def send(self) -> None:
        """What the socket takes now."""
        if not self._unsent:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.has_sent_all = True
                return
            self._tls.write(chunk)
            self._unsent = memoryview(self._outgoing.read())
        self._unsent = self._unsent[self.sock.send(self._unsent) :]

    def receive(self) -> None:
        """What is there now."""
        self._incoming.write(self.sock.recv(1 << 18))
        try:
            while data := self._tls.read(1 << 16):
                self._hash.update(data)
                self.received += len(data)
        except ssl.SSLWantReadError:
            pass

    def digest(self) -> bytes:
        return self._hash.digest()

    def _handshake(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.sock.sendall(self._outgoing.read())
                self._incoming.write(self.sock.recv(65536))
            else:
                self.sock.sendall(self._outgoing.read())
                return


def small_echo(one: Conversation) -> None:
    one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PEER_BUFFER_BYTES)
    echo(one)


def send_until_stalled(clients: dict[socket.socket, SlowClient]) -> None:
    while ready := select.select([], list(clients), [], STALLED_S)[1]:
        for sock in ready:
            clients[sock].send()
            assert not clients[sock].has_sent_all, "nothing held it up"


def finish(clients: dict[socket.socket, SlowClient]) -> None:
    """Send the rest and read everything."""
    left = dict(clients)
    while left:
        senders = [sock for sock, client in left.items() if not client.has_sent_all]
        readable, writable, _ = select.select(list(left), senders, [], 20)
        assert readable or writable, "stuck"
        for sock in writable:
            left[sock].send()
        for sock in readable:
            left[sock].receive()
            if left[sock].received == TOTAL_BYTES:
                del left[sock]


def test_full_both_ways(start_edge: StartEdge, ports: Ports, pki: Pki) -> None:
    front = ports.take()
    with ExitStack() as stack:
        backend = stack.enter_context(FakeBackend(small_echo, port=ports.take()))
        edge = stack.enter_context(
            start_edge(
                Listener(port=front, backend="raw", mode="tls", protocol="raw"),
                Backend(name="raw", server=backend.port),
            )
        )
        with ClearClient(front) as client:
            client.tls(pki.client_context(), HOSTNAME)
        edge.closed(client.address)
        before = edge.resident_bytes()
        crowd = [stack.enter_context(ClearClient(front)) for _ in range(CLIENTS)]
        clients = [SlowClient(client, pki.client_context()) for client in crowd]
        by_socket: dict[socket.socket, SlowClient] = {client.sock: client for client in clients}
        send_until_stalled(by_socket)
        assert edge.resident_bytes() - before < GROWTH_BYTES
        finish(by_socket)
        assert {client.digest() for client in clients} == {digest(TOTAL_BYTES)}
        for client in crowd:
            client.sock.close()
            record = edge.closed(client.address)
            assert (record["bytes_in"], record["bytes_out"]) == (TOTAL_BYTES, TOTAL_BYTES)
