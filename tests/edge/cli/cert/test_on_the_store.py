"""The real operations on a real store, from the command line, without an edge and without a CA."""

import json
from pathlib import Path

import pytest
import trustme

from tests.edge.cli.cert.conftest import Command
from tests.support.admin import NAME


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    leaf = trustme.CA().issue_cert(NAME, "autoconfig.example.org")
    chain, key = tmp_path / "a.crt", tmp_path / "a.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    return chain, key


def test_who_only_looks_leaves_nothing_behind(cert: Command, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for verb, status in (("list", 0), ("show", 0), ("tlsa", 3), ("export", 1)):
        name = [] if verb == "list" else [NAME]
        assert cert(verb, *name).exit_code == status, verb
    assert sorted(tmp_path.rglob("*")) == before


def test_before_there_is_one(cert: Command) -> None:
    assert "  ecdsa-p256: none yet, a self-signed one is served" in cert("list").stdout


def test_an_unknown_name(cert: Command) -> None:
    result = cert("show", "other.example.org")
    assert result.exit_code == 1
    assert "error: no certificate for other.example.org" in result.stderr
    assert "stalwart-edge cert list" in result.stderr


def test_imported_shown_and_exported_again(
    cert: Command, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    chain, key = pair
    assert cert("import", NAME, "--cert", chain, "--key", key).exit_code == 0
    (status,) = json.loads(cert("list", "--json").stdout)
    assert (status["certificate"], status["source"]) == (NAME, "import")
    shown = cert("show", "autoconfig.example.org")
    assert "is current: yes" in shown.stdout
    assert f"_25._tcp.{NAME}. IN TLSA 3 1 1 " in cert("tlsa", NAME).stdout
    out = tmp_path / "out"
    out.mkdir()
    assert cert("export", NAME, "--out", out).exit_code == 0
    assert (out / "fullchain.pem").read_bytes() == chain.read_bytes()
    assert "PRIVATE KEY" in (out / "privkey.pem").read_text()


def test_a_pair_that_does_not_fit_is_refused(
    cert: Command, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    chain, _ = pair
    other = trustme.CA().issue_cert(NAME)
    other.private_key_pem.write_to_path(str(tmp_path / "other.key"))
    result = cert("import", NAME, "--cert", chain, "--key", tmp_path / "other.key")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1].startswith("error: ")
    assert not (tmp_path / "state" / "certs" / "certificates").exists()


def test_a_dry_run_without_a_known_test_system(cert: Command, edge_toml: Path) -> None:
    own = '[[acme.issuer]]\nname = "own"\ndirectory = "https://ca.example.org/d"\n'
    dns = '[acme.dns]\nprovider = "rfc2136"\nserver = "127.0.0.1"\n'
    text = edge_toml.read_text().replace("[[certificate]]", f"{own}{dns}[[certificate]]")
    edge_toml.write_text(text)
    result = cert("dry-run", NAME)
    assert result.exit_code == 1
    assert "no test system is known for own: add staging_directory" in result.stderr
