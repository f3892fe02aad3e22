"""A command line with an edge behind it, at its socket."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli.main import main
from tests.support.admin import FakeOperations, serving

TEXT = """\
[edge]
hostname = "mail.example.org"
state_dir = "state"
[admin]
socket = "admin.sock"
[acme]
agree_to_terms = true
http_bind = []
[[certificate]]
names = ["mail.example.org", "autoconfig.example.org"]
source = "acme"
[[listener]]
name = "https"
bind = ["192.0.2.1:443"]
mode = "tls"
protocol = "http"
backend = "http"
[[backend]]
name = "http"
servers = ["127.0.0.1:8080"]
"""

Command = Callable[..., Result]


@pytest.fixture
def edge_toml(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def cert(edge_toml: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`stalwart-edge cert …` with the configuration beside the socket."""
    monkeypatch.setenv("STALWART_EDGE_CONFIG", str(edge_toml))
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)

    def run(*arguments: object, **more: str) -> Result:
        return CliRunner().invoke(main, ["cert", *map(str, arguments)], **more)

    return run


@pytest.fixture
def operations(edge_toml: Path) -> Iterator[FakeOperations]:
    """What the edge at the socket does."""
    fake = FakeOperations()
    with serving(fake, edge_toml.with_name("admin.sock")):
        yield fake
