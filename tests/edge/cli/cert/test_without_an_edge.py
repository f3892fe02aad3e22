"""No edge runs: the store is worked on from here, as far as that can go."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import certs
from tests.edge.cli.cert.conftest import TEXT, Command
from tests.support.admin import NAME, OBTAINED, FakeOperations

DNS = '[acme.dns]\nprovider = "rfc2136"\nserver = "127.0.0.1"\n'


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What operations were made of; they are faked."""
    found: list[dict[str, object]] = []

    @asynccontextmanager
    async def operations_on(kit: dict[str, Any]) -> AsyncIterator[FakeOperations]:
        found.append(kit)
        yield FakeOperations(events=(OBTAINED,), manager_sink=kit["sink"])

    monkeypatch.setattr(certs, "ManagerKit", dict, raising=False)
    monkeypatch.setattr(certs, "operations_on", operations_on, raising=False)
    return found


def test_it_says_so_and_works(cert: Command, made: list[dict[str, object]], tmp_path: Path) -> None:
    result = cert("list")
    assert result.exit_code == 0
    path, store = tmp_path / "admin.sock", tmp_path / "state" / "certs"
    assert result.stderr == f"no edge runs ({path}): working on {store}\n"
    assert result.stdout.startswith(f"{NAME}, autoconfig.example.org\n")
    (arguments,) = made
    assert arguments["solvers"] == {}
    assert isinstance(arguments["settings"], certs.AcmeSettings)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("verb", ["renew", "dry-run"])
def test_what_only_a_running_edge_can_prove(
    cert: Command, made: list[dict[str, object]], verb: str
) -> None:
    result = cert(verb, NAME)
    assert result.exit_code == 1
    _, error, remedy = result.stderr.splitlines()
    assert error.startswith(f"error: {NAME}, autoconfig.example.org: proved by tls-alpn-01, which ")
    assert error.endswith(" which only a running edge answers, and none runs")
    assert remedy.startswith("    Start it (`stalwart-edge run`), and try again")
    assert made == []


def test_dns_01_works_without(
    cert: Command, made: list[dict[str, object]], edge_toml: Path
) -> None:
    edge_toml.write_text(TEXT.replace("[[certificate]]", f"{DNS}[[certificate]]"))
    assert cert("renew", NAME).exit_code == 0
    (arguments,) = made
    solvers = arguments["solvers"]
    assert isinstance(solvers, dict)
    assert list(solvers) == [certs.ChallengeType.DNS_01]
    managed = arguments["managed"]
    assert isinstance(managed, list)
    # What cannot be answered is not even tried.
    assert managed[0].challenges == (certs.ChallengeType.DNS_01,)


def test_an_address_beside_names_needs_the_edge(
    cert: Command, made: list[dict[str, object]], edge_toml: Path
) -> None:
    text = TEXT.replace("[[certificate]]", f"{DNS}[[certificate]]")
    edge_toml.write_text(text.replace("autoconfig.example.org", "9.9.9.9"))
    result = cert("renew", NAME)
    assert result.exit_code == 1
    assert "error: 9.9.9.9: proved by tls-alpn-01, which only a running edge" in result.stderr


def test_a_socket_left_behind_is_no_edge(
    cert: Command, made: list[dict[str, object]], edge_toml: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(edge_toml.with_name("admin.sock")))
    result = cert("list")
    assert (result.exit_code, len(made)) == (0, 1)


def test_without_acme_there_is_nothing_to_work_on(cert: Command, edge_toml: Path) -> None:
    head, _, rest = TEXT.partition("[acme]")
    rest = rest[rest.index("[[certificate]]") :]
    edge_toml.write_text((head + rest).replace('source = "acme"', 'source = "self-signed"'))
    result = cert("list")
    assert result.exit_code == 1
    assert 'no certificate of this configuration has source = "acme"' in result.stderr


def test_secrets_that_cannot_be_read(cert: Command, edge_toml: Path) -> None:
    dns = f'{DNS}tsig_name = "k"\ntsig_secret_file = "absent"\n'
    edge_toml.write_text(TEXT.replace("[[certificate]]", f"{dns}[[certificate]]"))
    result = cert("list")
    assert result.exit_code == 1
    assert "absent: cannot be read" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_nothing_is_written_into_a_store_of_somebody_else(
    cert: Command, made: list[dict[str, object]], edge_toml: Path, tmp_path: Path
) -> None:
    edge_toml.write_text(TEXT.replace("[[certificate]]", f"{DNS}[[certificate]]"))
    (tmp_path / "state" / "certs").mkdir(parents=True)
    os.chown(tmp_path / "state" / "certs", 65534, -1)
    result = cert("renew", NAME)
    assert result.exit_code == 1
    assert "state/certs belongs to nobody" in result.stderr
    assert "sudo -u nobody stalwart-edge cert" in result.stderr
    assert made == []
    assert cert("list").exit_code == 0


def test_to_ask_a_running_edge_takes_no_acme_client() -> None:
    script = "import sys, edge.cli.cert.listing; print(*(m for m in sys.argv if m in sys.modules))"
    unwanted = ["aiohttp", "acme", "josepy", "dns", "asyncio", "edge.net", "edge.run"]
    run = subprocess.run(
        [sys.executable, "-c", script, *unwanted], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
