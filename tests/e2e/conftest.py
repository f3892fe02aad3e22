"""Real servers and the edges in front of them, each started once for all tests of a worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hosts import (
    DovecotHost,
    PostfixHost,
    RecorderHost,
    WebHost,
    dovecot_host,
    postfix_host,
    recorder_host,
    web_host,
)
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.routing import Route
from tests.support.stage import Stage, running_stage


@pytest.fixture(scope="session", name="dovecot_host")
def _dovecot_host(server_directory: Path, ports: Ports, pki: Pki) -> Iterator[DovecotHost]:
    with dovecot_host(server_directory / "dovecot-host", ports, pki) as host:
        yield host


@pytest.fixture(scope="session", name="postfix_host")
def _postfix_host(server_directory: Path, ports: Ports, pki: Pki) -> Iterator[PostfixHost]:
    with postfix_host(server_directory / "postfix-host", ports, pki) as host:
        yield host


@pytest.fixture(scope="session", name="recorder_host")
def _recorder_host(server_directory: Path, ports: Ports, pki: Pki) -> Iterator[RecorderHost]:
    with recorder_host(server_directory / "recorder-host", ports, pki) as host:
        yield host


@pytest.fixture(scope="session", name="web_host")
def _web_host(server_directory: Path, ports: Ports, pki: Pki) -> Iterator[WebHost]:
    with web_host(server_directory / "web-host", ports, pki) as host:
        yield host


@pytest.fixture(scope="session")
def stage(server_directory: Path, ports: Ports, pki: Pki) -> Iterator[Stage]:
    """An edge in front of fake backends, whose scripts the tests choose."""
    with running_stage(server_directory / "stage", ports, pki) as running:
        yield running


@pytest.fixture
def route(monkeypatch: pytest.MonkeyPatch, pki: Pki) -> Route:
    """See `tests.support.routing`."""
    return Route(monkeypatch, pki)
