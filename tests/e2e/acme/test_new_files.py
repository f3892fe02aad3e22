"""`source = "files"`: somebody else renews; what is whole is served, without a restart."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.acme_edge import leaf
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import HOSTNAME, Pair, Pki
from tests.support.ports import Ports
from tests.support.scripts import echo
from tests.support.sessions import connect, session_of

Replace = Callable[[Pair, Pair], None]


def by_rename(old: Pair, new: Pair) -> None:
    """Certificate first, as most programs do."""
    for target, source in ((old.cert, new.cert), (old.key, new.key)):
        beside = target.with_suffix(".new")
        shutil.copy(source, beside)
        beside.replace(target)


def in_place(old: Pair, new: Pair) -> None:
    """Both are cut off and written again."""
    old.key.write_bytes(new.key.read_bytes())
    old.cert.write_bytes(new.cert.read_bytes())


def by_links(old: Pair, new: Pair) -> None:
    """As certbot does: the names stay, what they point to changes."""
    for name, target in ((old.cert, new.cert), (old.key, new.key)):
        link = name.with_suffix(".link")
        link.symlink_to(target)
        link.replace(name)


def pair_in(directory: Path, source: Pair) -> Pair:
    directory.mkdir()
    made = Pair(cert=directory / "fullchain.pem", key=directory / "privkey.pem")
    shutil.copy(source.cert, made.cert)
    shutil.copy(source.key, made.key)
    return made


@contextmanager
def ending(edge: Edge) -> Iterator[None]:
    """The refusal is an error in its log, which a clean stop would complain of."""
    try:
        yield
    finally:
        edge.kill()


@pytest.mark.parametrize("replace", [by_rename, in_place, by_links])
def test_they_are_served(replace: Replace, ports: Ports, pki: Pki, tmp_path: Path) -> None:
    files = pair_in(tmp_path / "live", pki.server(f"first-{replace.__name__}", HOSTNAME))
    new = pki.server(f"second-{replace.__name__}", HOSTNAME)
    front, back = ports.take(), ports.take()
    text = edge_toml(
        pki,
        tmp_path,
        Listener(port=front, backend="echo", mode="tls", protocol="raw"),
        Backend(name="echo", server=back),
        certificates={HOSTNAME: [files]},
        workers=2,
    )
    with FakeBackend(echo, port=back), running_edge(text, tmp_path) as edge:
        edge.wait_for("certificate.served")
        before = leaf(front, HOSTNAME)
        context = pki.client_context()
        with connect(context, front, HOSTNAME) as first:
            session = session_of(first)
            replace(files, new)
            changed = edge.wait_for("certificate.files_changed", timeout_s=20)
            edge.wait_for("certificate.served", leaf_sha256=changed["leaf_sha256"])
            assert changed["leaf_sha256"] == new.sha256
            assert leaf(front, HOSTNAME) != before
            first.sendall(b"go on")
            assert first.recv(5) == b"go on"
        with connect(context, front, HOSTNAME, session=session) as again:
            session_of(again)
            assert again.session_reused


def test_half_of_a_new_pair_changes_nothing_until_it_is_whole(
    ports: Ports, pki: Pki, tmp_path: Path
) -> None:
    files = pair_in(tmp_path / "live", pki.server("kept", HOSTNAME))
    front, back = ports.take(), ports.take()
    text = edge_toml(
        pki,
        tmp_path,
        Listener(port=front, backend="echo", mode="tls", protocol="raw"),
        Backend(name="echo", server=back),
        certificates={HOSTNAME: [files]},
    )
    edge = Edge(text, tmp_path)
    with FakeBackend(echo, port=back), ending(edge):
        before = leaf(front, HOSTNAME)
        new = pki.server("stranger", HOSTNAME)
        shutil.copy(new.key, files.key)
        refused = edge.wait_for("certificate.files_refused", timeout_s=20)
        assert "belongs to another certificate" in str(refused["reason"])
        assert leaf(front, HOSTNAME) == before
        shutil.copy(new.cert, files.cert)
        changed = edge.wait_for("certificate.files_changed", timeout_s=20)
        edge.wait_for("certificate.served", leaf_sha256=changed["leaf_sha256"])
        assert changed["leaf_sha256"] == new.sha256
        assert leaf(front, HOSTNAME) != before
        assert len(edge.records("certificate.files_refused")) == 1
