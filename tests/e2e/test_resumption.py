"""A session resumes in every worker, under every name of a listener, by ticket or PSK.

It does not resume on another listener whose clients must show a certificate.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import HOSTNAME, Pair, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo, polite
from tests.support.sessions import connect, session_of

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
OTHER_NAME = "imap.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    open: int
    starttls: int
    require: int
    client: Pair


@pytest.fixture(scope="module")
def host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "resumption"
    front, starttls, require, back, smtp = (ports.take() for _ in range(5))
    client_ca = {"client_ca": str(pki.client_ca), "client_auth": "require"}
    configuration = edge_toml(
        pki,
        directory,
        Listener(name="open", port=front, backend="echo", mode="tls", protocol="raw"),
        Listener(name="starttls", port=starttls, backend="smtp"),
        Listener(
            name="require",
            port=require,
            backend="echo",
            mode="tls",
            protocol="raw",
            options=client_ca,
        ),
        Backend(name="echo", server=back),
        Backend(name="smtp", server=smtp),
        certificates={
            HOSTNAME: [pki.ecdsa, pki.rsa],
            OTHER_NAME: [pki.server("resumption", OTHER_NAME)],
        },
        workers=2,
    )
    with (
        FakeBackend(echo, port=back),
        FakeBackend(polite("smtp"), port=smtp),
        running_edge(configuration, directory) as edge,
    ):
        client = pki.client("resumption-client", "somebody")
        yield Host(edge=edge, open=front, starttls=starttls, require=require, client=client)


@pytest.mark.parametrize("version", VERSIONS)
def test_in_every_worker(version: ssl.TLSVersion, host: Host, pki: Pki) -> None:
    context = pki.client_context(version=version)
    with connect(context, host.open, HOSTNAME) as first:
        assert not first.session_reused
        session = session_of(first)
    idle = {pid: _descriptors(pid) for pid in host.edge.workers}
    with ExitStack() as stack:
        for _ in range(24):
            again = stack.enter_context(connect(context, host.open, HOSTNAME, session=session))
            session_of(again)
            assert again.session_reused
            assert host.edge.established(again.getsockname())["resumed"] is True
        # Both workers hold some of the connections, so both have resumed the session.
        busy = {pid: _descriptors(pid) for pid in host.edge.workers}
        assert all(busy[pid] > idle[pid] for pid in host.edge.workers), (idle, busy)


@pytest.mark.parametrize("version", VERSIONS)
def test_under_another_name(version: ssl.TLSVersion, host: Host, pki: Pki) -> None:
    context = pki.client_context(version=version)
    with connect(context, host.open, HOSTNAME) as first:
        session = session_of(first)
    with connect(context, host.open, OTHER_NAME, session=session) as again:
        session_of(again)
        assert again.session_reused
        assert host.edge.established(again.getsockname())["sni"] == OTHER_NAME


@pytest.mark.parametrize("version", VERSIONS)
def test_after_starttls(version: ssl.TLSVersion, host: Host, pki: Pki) -> None:
    context = pki.client_context(version=version)
    with connect(context, host.starttls, HOSTNAME, starttls="smtp") as first:
        session = session_of(first, b"NOOP\r\n")
    with connect(context, host.starttls, HOSTNAME, starttls="smtp", session=session) as again:
        session_of(again, b"NOOP\r\n")
        assert again.session_reused


@pytest.mark.parametrize("version", VERSIONS)
def test_not_past_a_client_certificate(version: ssl.TLSVersion, host: Host, pki: Pki) -> None:
    """The class of CVE-2025-23419: a ticket of an open listener on one that asks for proof."""
    context = pki.client_context(version=version)
    with connect(context, host.open, HOSTNAME) as first:
        session = session_of(first)
    since = host.edge.mark()
    with (
        pytest.raises((ssl.SSLError, ConnectionError)),
        connect(context, host.require, HOSTNAME, session=session) as refused,
    ):
        session_of(refused)
    record = host.edge.wait_for("connection.closed", since=since, listener="require")
    assert (record["outcome"], record["tls"]) == ("client_certificate_failed", False)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_full_handshake_where_the_certificate_is_shown(
    version: ssl.TLSVersion, host: Host, pki: Pki
) -> None:
    context = pki.client_context(version=version, certificate=host.client)
    with connect(context, host.open, HOSTNAME) as first:
        session = session_of(first)
    with connect(context, host.require, HOSTNAME, session=session) as again:
        session_of(again)
        assert not again.session_reused
        record = host.edge.established(again.getsockname())
    assert record["resumed"] is False
    assert record["client_certificate_cn"] == "somebody"


def _descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
