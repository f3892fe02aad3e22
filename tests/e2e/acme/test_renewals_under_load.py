"""A certificate of seconds is renewed again and again while mail flows; nobody notices."""

import ssl
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.acme_edge import NAME, Ca, acme_edge, leaf, running_ca
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.ports import Ports
from tests.support.scripts import echo, polite
from tests.support.sessions import connect, session_of

LIFETIME_S = 14
RENEWALS = 3


@dataclass(slots=True)
class Client:
    """Opens one session after another, and remembers every one that failed."""

    context: ssl.SSLContext
    port: int
    starttls: str | None
    done: threading.Event
    sessions: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self) -> None:
        while not self.done.is_set():
            try:
                with connect(self.context, self.port, NAME, starttls=self.starttls) as tls:
                    assert session_of(tls, b"NOOP\r\n")
                self.sessions += 1
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))


def test_no_handshake_fails_and_no_session_ends(ports: Ports, tmp_path: Path) -> None:
    with ExitStack() as stack:
        ca = stack.enter_context(running_ca(tmp_path, ports, validity_s=LIFETIME_S))
        smtp, back = ports.take(), ports.take()
        stack.enter_context(FakeBackend(echo, port=back))
        stack.enter_context(FakeBackend(polite("smtp"), port=smtp))
        front = ports.take()
        edge = stack.enter_context(
            acme_edge(
                ca,
                tmp_path,
                Listener(port=ca.ports.tls, backend="echo", mode="tls", protocol="raw"),
                Listener(port=front, backend="smtp"),
                Backend(name="echo", server=back),
                Backend(name="smtp", server=smtp),
                workers=2,
            )
        )
        edge.wait_for("certificate.served", timeout_s=30)
        _watch(edge, ca, front, stack)


def _watch(edge: Edge, ca: Ca, front: int, stack: ExitStack) -> None:
    context = ca.client_context()
    old = stack.enter_context(connect(context, ca.ports.tls, NAME))
    session = session_of(old)
    first = leaf(ca.ports.tls)
    done = threading.Event()
    clients = [
        Client(context, ca.ports.tls, None, done),
        Client(context, front, "smtp", done),
    ]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    try:
        since = edge.mark()
        for _ in range(RENEWALS):
            obtained = edge.wait_for("certificate.obtained", since=since, timeout_s=30)
            since = edge.mark()
            edge.wait_for("certificate.served", leaf_sha256=obtained["leaf_sha256"], timeout_s=15)
    finally:
        done.set()
        for thread in threads:
            thread.join(20)
    assert [client.failures for client in clients] == [[], []]
    assert min(client.sessions for client in clients) > 50
    # What was opened before the first of them still lives, and its ticket is worth something.
    old.sendall(b"still here")
    assert old.recv(10) == b"still here"
    assert leaf(ca.ports.tls) != first
    with connect(context, ca.ports.tls, NAME, session=session) as again:
        session_of(again)
        assert again.session_reused
