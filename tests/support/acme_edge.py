"""An edge that obtains its certificates from a Pebble of its own, before fake backends."""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.challtestsrv import ChallTestSrv, running_challtestsrv
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener
from tests.support.pebble import Pebble, PebbleOptions, running_pebble
from tests.support.ports import Ports

NAME = "mail.example.org"
ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmePorts:
    """Where a CA looks, and where the edge therefore listens."""

    http: int
    tls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ca:
    """A Pebble that looks at the ports of the edge to come."""

    pebble: Pebble
    dns: ChallTestSrv
    ports: AcmePorts

    @property
    def roots(self) -> str:
        """PEM of its root, for clients that verify."""
        return self.pebble.roots()[0].decode()

    def client_context(self) -> ssl.SSLContext:
        """Trusts what Pebble issues; Pebble's leaves have no key identifiers OpenSSL would want."""
        context = ssl.create_default_context(cadata=self.roots)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


@contextmanager
def running_ca(directory: Path, ports: Ports, **options: object) -> Iterator[Ca]:
    """Pebble and its name server; `options` are those of `PebbleOptions`."""
    own = AcmePorts(http=ports.take(), tls=ports.take())
    with running_challtestsrv(ports) as dns:
        wanted = PebbleOptions(http_port=own.http, tls_port=own.tls, **options)  # type: ignore[arg-type]
        with running_pebble(directory / "pebble", ports, dns, wanted) as pebble:
            yield Ca(pebble=pebble, dns=dns, ports=own)


def acme_toml(
    ca: Ca,
    directory: Path,
    *tables: Listener | Backend,
    hostname: str = "",
    names: Sequence[str] = (NAME,),
    challenges: Sequence[str] = ("tls-alpn-01", "http-01"),
    workers: int = 1,
    certificate: Mapping[str, object] | None = None,
    issuer: Mapping[str, object] | None = None,
    acme: str = "",
    more: str = "",
    http_bind: Sequence[str] | None = None,
) -> str:
    """edge.toml for one certificate from this CA; `acme` and `more` are further lines of it."""
    bind = [f"{ADDRESS}:{ca.ports.http}"] if http_bind is None else list(http_bind)
    lines = [
        "[edge]",
        f'hostname = "{hostname or names[0].replace("*", "any")}"',
        f"workers = {workers}",
        f'state_dir = "{directory}/state"',
        "[drain]",
        'on_stop = "3s"',
        "[acme]",
        'email = "postmaster@example.org"',
        "agree_to_terms = true",
        f"http_bind = {json.dumps(bind)}",
        acme,
        "[[acme.issuer]]",
        'name = "pebble"',
        f'directory = "{ca.pebble.directory}"',
        f'ca_bundle = "{ca.pebble.ca_bundle}"',
        *(f"{key} = {json.dumps(value)}" for key, value in (issuer or {}).items()),
        "[[certificate]]",
        f"names = {json.dumps(list(names))}",
        'source = "acme"',
        f"challenges = {json.dumps(list(challenges))}",
        *(f"{key} = {json.dumps(value)}" for key, value in (certificate or {}).items()),
    ]
    return "\n".join(lines) + "\n" + more + "".join(table.toml() for table in tables)


@contextmanager
def acme_edge(
    ca: Ca, directory: Path, *tables: Listener | Backend, **options: object
) -> Iterator[Edge]:
    """The edge, from its first line of configuration to its clean stop."""
    with running_edge(acme_toml(ca, directory, *tables, **options), directory) as edge:  # type: ignore[arg-type]
        yield edge


def leaf(port: int, name: str = NAME) -> bytes:
    """The DER of what is served to a client that verifies nothing."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((ADDRESS, port), timeout=10) as sock,
        context.wrap_socket(sock, server_hostname=name) as tls,
    ):
        certificate = tls.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate
