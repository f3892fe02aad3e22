"""One edge in front of one fake backend per protocol, each played by the script of a test."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.clear import MAIL_PROTOCOLS
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import Conversation, FakeBackend, Script
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.scripts import echo, polite

GREETING_TIMEOUT_S = 2


@dataclass(kw_only=True)
class Role:
    """The fake backend of one protocol, and the two listeners in front of it."""

    protocol: str
    starttls: int
    tls: int
    backend: FakeBackend
    script: Script
    """What the next real client meets; `play` sets it for a while."""

    def port(self, mode: str) -> int:
        """Of the listener with this `mode`."""
        return self.starttls if mode == "starttls" else self.tls

    @contextmanager
    def play(self, script: Script) -> Iterator["Scene"]:
        """Let `script` meet the clients of this block."""
        usual, self.script = self.script, script
        try:
            yield Scene(backend=self.backend, since=self.backend.conversations.mark())
        finally:
            self.script = usual

    def scene(self) -> "Scene":
        """What the polite backend sees from now on."""
        return Scene(backend=self.backend, since=self.backend.conversations.mark())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A backend's conversations from a moment on."""

    backend: FakeBackend
    since: int

    def client(self, source: str | None = None) -> Conversation:
        """The first real client, or the one at the address `source`."""
        return self.backend.client(source, since=self.since)

    def clients(self, source: str | None = None) -> list[Conversation]:
        """All real clients so far, or those at the address `source`."""
        return self.backend.clients(source, since=self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running edge and its roles: smtp, imap, pop3, sieve, and raw (implicit TLS, an echo)."""

    edge: Edge
    roles: Mapping[str, Role]
    raw: int
    """The port of a `raw` listener, in front of an echo."""

    def __getitem__(self, protocol: str) -> Role:
        return self.roles[protocol]


@contextmanager
def running_stage(directory: Path, ports: Ports, pki: Pki) -> Iterator[Stage]:
    """The edge with 127.0.0.1 listeners; clients find each mail protocol twice, and `raw`."""
    with ExitStack() as stack:
        roles = {
            protocol: stack.enter_context(_role(protocol, ports)) for protocol in MAIL_PROTOCOLS
        }
        tables: list[Listener | Backend] = []
        for protocol, role in roles.items():
            tables += [
                Listener(
                    port=role.port(mode),
                    backend=protocol,
                    mode=mode,
                    protocol="auto" if mode == "starttls" else protocol,
                    options={"timeouts": {"greeting": GREETING_TIMEOUT_S}},
                )
                for mode in ("starttls", "tls")
            ]
            tables.append(Backend(name=protocol, server=role.backend.port))
        echo_port, raw = ports.take(), ports.take()
        stack.enter_context(FakeBackend(echo, port=echo_port))
        tables += [
            Listener(port=raw, backend="raw", mode="tls", protocol="raw"),
            Backend(name="raw", server=echo_port),
        ]
        edge = stack.enter_context(running_edge(edge_toml(pki, directory, *tables), directory))
        yield Stage(edge=edge, roles=roles, raw=raw)


@contextmanager
def _role(protocol: str, ports: Ports) -> Iterator[Role]:
    backend_port = ports.take()

    def play(one: Conversation) -> None:
        role.script(one)

    with FakeBackend(play, probe=polite(protocol), port=backend_port) as backend:
        role = Role(
            protocol=protocol,
            starttls=ports.take(),
            tls=ports.take(),
            backend=backend,
            script=polite(protocol),
        )
        yield role
