"""A peer that does not read stops the other one; the edge does not hold the difference.

Both directions: 100 MB are ready to be sent and nobody takes them.
"""

import select
import socket
import ssl
import threading

from tests.support.bulk import MEGABYTE, chunks, digest, download_digest
from tests.support.clear import ClearClient
from tests.support.fake_backend import Conversation
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import greet_and
from tests.support.stage import Stage

TOTAL_BYTES = 100 * MEGABYTE
STALLED_S = 1.0
"""Not writable for as long: everything on the way is full."""
GROWTH_BYTES = 6 * MEGABYTE


def send_until_stalled(sock: socket.socket, stalled: threading.Event) -> None:
    """Send all chunks; set `stalled` when nothing could be sent for a while."""
    sock.setblocking(False)
    for chunk in chunks(TOTAL_BYTES):
        view = memoryview(chunk)
        while view:
            if not select.select([], [sock], [], STALLED_S)[1]:
                stalled.set()
                select.select([], [sock], [], 30)
            try:
                view = view[sock.send(view) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                continue
    sock.setblocking(True)


def test_client_does_not_read(stage: Stage, pki: Pki) -> None:
    stalled = threading.Event()

    def source(one: Conversation) -> None:
        send_until_stalled(one.sock, stalled)
        one.half_close()
        one.drain()

    before = stage.edge.resident_bytes()
    with (
        stage["smtp"].play(greet_and("smtp", source)),
        ClearClient(stage["smtp"].starttls) as client,
    ):
        client.greeting("smtp")
        client.starttls("smtp")
        with pki.client_context().wrap_socket(client.sock, server_hostname=HOSTNAME) as sock:
            assert stalled.wait(20)
            assert stage.edge.resident_bytes() - before < GROWTH_BYTES
            assert download_digest(sock, TOTAL_BYTES) == digest(TOTAL_BYTES)


def test_backend_does_not_read(stage: Stage, pki: Pki) -> None:
    go_on = threading.Event()
    stalled = threading.Event()

    def lazy_sink(one: Conversation) -> None:
        assert go_on.wait(30)
        one.drain()

    before = stage.edge.resident_bytes()
    with (
        stage["smtp"].play(greet_and("smtp", lazy_sink)),
        ClearClient(stage["smtp"].starttls) as client,
    ):
        client.greeting("smtp")
        client.starttls("smtp")
        with pki.client_context().wrap_socket(client.sock, server_hostname=HOSTNAME) as sock:
            address = client.address
            sender = threading.Thread(target=send_until_stalled, args=(sock, stalled))
            sender.start()
            assert stalled.wait(20)
            assert stage.edge.resident_bytes() - before < GROWTH_BYTES
            go_on.set()
            sender.join(30)
            sock.unwrap().close()
    assert stage.edge.closed(address)["bytes_in"] == TOTAL_BYTES
