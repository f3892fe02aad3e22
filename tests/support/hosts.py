"""Mail hosts: a real server, and a running edge in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.clear import MAIL_PROTOCOLS
from tests.support.dovecot import Dovecot, running_dovecot
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.nginx import Nginx, running_nginx
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.postfix import Postfix, running_postfix
from tests.support.smtp_recorder import Recorder, running_recorder

EDGE_HOST = "127.0.0.2"
"""Dovecot takes a client whose address is its own for secured: so client and edge differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DovecotHost:
    """Dovecot behind the edge; `ports` by protocol and mode, on `EDGE_HOST`."""

    edge: Edge
    dovecot: Dovecot
    relayed: Recorder
    """Where Dovecot's submission service sends what it took."""
    ports: dict[tuple[str, str], int]


@contextmanager
def dovecot_host(directory: Path, ports: Ports, pki: Pki) -> Iterator[DovecotHost]:
    """IMAP, POP3, ManageSieve and submission, each over STARTTLS and over implicit TLS."""
    relay_port = ports.take()
    fronts = {
        (protocol, mode): ports.take()
        for protocol in MAIL_PROTOCOLS
        for mode in ("starttls", "tls")
    }
    tables = [
        Listener(
            port=port,
            hosts=(EDGE_HOST,),
            backend=protocol,
            mode=mode,
            protocol="auto" if mode == "starttls" else protocol,
        )
        for (protocol, mode), port in fronts.items()
    ]
    with (
        running_recorder(relay_port, behind_proxy=False) as relayed,
        running_dovecot(directory / "dovecot", ports, pki, relay_port=relay_port) as dovecot,
    ):
        backends = [Backend(name=protocol, server=port) for protocol, port in dovecot.ports.items()]
        with running_edge(edge_toml(pki, directory, *tables, *backends), directory) as edge:
            yield DovecotHost(edge=edge, dovecot=dovecot, relayed=relayed, ports=fronts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostfixHost:
    """Postfix as an MX: TLS is offered on `mx`, not required."""

    edge: Edge
    postfix: Postfix
    mx: int


@contextmanager
def postfix_host(directory: Path, ports: Ports, pki: Pki) -> Iterator[PostfixHost]:
    """An edge with one MX listener in front of Postfix."""
    mx = ports.take()
    with running_postfix(directory / "postfix", ports) as postfix:
        configuration = edge_toml(
            pki,
            directory,
            Listener(port=mx, backend="postfix", options={"require_tls": False}),
            Backend(name="postfix", server=postfix.port),
        )
        with running_edge(configuration, directory) as edge:
            yield PostfixHost(edge=edge, postfix=postfix, mx=mx)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderHost:
    """aiosmtpd, which keeps the headers: an MX port, one that requires TLS, one that begins so."""

    edge: Edge
    recorder: Recorder
    mx: int
    submission: int
    submissions: int


@contextmanager
def recorder_host(directory: Path, ports: Ports, pki: Pki) -> Iterator[RecorderHost]:
    """An edge with three listeners in front of aiosmtpd."""
    backend, mx, submission, submissions = (ports.take() for _ in range(4))
    configuration = edge_toml(
        pki,
        directory,
        Listener(name="mx", port=mx, backend="aiosmtpd", options={"require_tls": False}),
        Listener(name="submission", port=submission, backend="aiosmtpd"),
        Listener(port=submissions, backend="aiosmtpd", mode="tls", protocol="smtp"),
        Backend(name="aiosmtpd", server=backend),
    )
    with running_recorder(backend) as recorder, running_edge(configuration, directory) as edge:
        yield RecorderHost(
            edge=edge, recorder=recorder, mx=mx, submission=submission, submissions=submissions
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebHost:
    """nginx behind the edge, HTTPS on `port`."""

    edge: Edge
    nginx: Nginx
    port: int


@contextmanager
def web_host(directory: Path, ports: Ports, pki: Pki) -> Iterator[WebHost]:
    """An edge with one HTTPS listener in front of nginx."""
    port = ports.take()
    with running_nginx(directory / "nginx", ports) as nginx:
        configuration = edge_toml(
            pki,
            directory,
            Listener(port=port, backend="nginx", mode="tls", protocol="http"),
            Backend(name="nginx", server=nginx.port),
        )
        with running_edge(configuration, directory) as edge:
            yield WebHost(edge=edge, nginx=nginx, port=port)
