"""Edges that a test breaks on purpose: each test starts its own, with deadlines of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, Value, edge_toml
from tests.support.own_edge import StartEdge
from tests.support.pki import HOSTNAME, Pki


@pytest.fixture
def start_edge(pki: Pki, tmp_path: Path) -> StartEdge:
    """A function of the tables of edge.toml; the certificate is the ECDSA one."""

    @contextmanager
    def start(
        *tables: Listener | Backend,
        workers: int = 1,
        top: Mapping[str, Value] | None = None,
    ) -> Iterator[Edge]:
        certificates = {HOSTNAME: [pki.ecdsa]}
        text = edge_toml(
            pki, tmp_path, *tables, certificates=certificates, workers=workers, top=top
        )
        with running_edge(text, tmp_path) as edge:
            yield edge

    return start
