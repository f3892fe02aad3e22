"""A certificate of seconds is renewed again and again while mail flows; nobody notices."""

import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.acme_edge import NAME, Ca, acme_edge, leaf, running_ca
from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener
from tests.support.fake_backend import FakeBackend
from tests.support.ports import Ports
from tests.support.scripts import polite
from tests.support.sessions import connect, session_of

LIFETIME_S = 14
RENEWALS = 3
PAUSE_S = 0.05
"""Between two commands of a session that stays."""
RESUMED = 8
"""So many that both workers get some."""
HARMLESS = {"client_closed", "client_aborted", "client_gone", "challenge_answered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where to connect to, and one command with an answer."""

    port: int
    command: bytes
    starttls: str | None = None


@dataclass(slots=True)
class Client:
    """Remembers everything that failed. One that stays keeps its first session."""

    context: ssl.SSLContext
    service: Service
    done: threading.Event
    stays: bool
    answers: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self) -> None:
        while not self.done.is_set():
            try:
                with connect(
                    self.context, self.service.port, NAME, starttls=self.service.starttls
                ) as tls:
                    self._talk(tls)
                    while self.stays and not self.done.wait(PAUSE_S):
                        self._talk(tls)
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))

    def _talk(self, tls: ssl.SSLSocket) -> None:
        session_of(tls, self.service.command)
        self.answers += 1


@contextmanager
def busy(context: ssl.SSLContext, *services: Service) -> Iterator[list[Client]]:
    """Each service has a client that stays and one that comes and goes."""
    done = threading.Event()
    clients = [Client(context, one, done, stays) for one in services for stays in (True, False)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        done.set()
        for thread in threads:
            thread.join(20)


def test_no_handshake_fails_and_no_session_ends(ports: Ports, tmp_path: Path) -> None:
    with ExitStack() as stack:
        ca = stack.enter_context(running_ca(tmp_path, ports, validity_s=LIFETIME_S))
        smtp, imap, front = ports.take(), ports.take(), ports.take()
        stack.enter_context(FakeBackend(polite("imap"), port=imap))
        stack.enter_context(FakeBackend(polite("smtp"), port=smtp))
        edge = stack.enter_context(
            acme_edge(
                ca,
                tmp_path,
                Listener(port=ca.ports.tls, backend="imap", mode="tls", protocol="imap"),
                Listener(port=front, backend="smtp"),
                Backend(name="imap", server=imap),
                Backend(name="smtp", server=smtp),
                workers=2,
            )
        )
        edge.wait_for("certificate.served", timeout_s=30)
        imaps = Service(port=ca.ports.tls, command=b"a NOOP\r\n")
        submission = Service(port=front, command=b"NOOP\r\n", starttls="smtp")
        _watch(edge, ca, imaps, submission)


def _watch(edge: Edge, ca: Ca, *services: Service) -> None:
    context = ca.client_context()
    first = leaf(services[0].port)
    sessions = []
    for one in services:
        with connect(context, one.port, NAME, starttls=one.starttls) as tls:
            sessions.append(session_of(tls, one.command))
    since = edge.mark()
    with busy(context, *services) as clients:
        at = since
        for _ in range(RENEWALS):
            obtained = edge.wait_for("certificate.obtained", since=at, timeout_s=30)
            at = edge.mark()
            edge.wait_for("certificate.served", leaf_sha256=obtained["leaf_sha256"], timeout_s=15)
        now = leaf(services[0].port)
    assert [client.failures for client in clients] == [[]] * len(clients)
    assert min(client.answers for client in clients) > 50
    assert now != first
    assert hashlib.sha256(now).hexdigest() == obtained["leaf_sha256"]
    # What was begun before the first of them is resumed after the last, by either worker.
    for one, session in zip(services, sessions, strict=True):
        for _ in range(RESUMED):
            with connect(context, one.port, NAME, starttls=one.starttls, session=session) as again:
                session_of(again, one.command)
                assert again.session_reused
    assert {one["outcome"] for one in edge.records("connection.closed", since=since)} <= HARMLESS
