"""The other verbs: what each asks of the edge, and what it prints of the answer."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

import certs
from edge.cli.main import main
from tests.edge.cli.cert.conftest import Command
from tests.support.admin import NAME, STATUS, FakeOperations

VERBS = ("list", "show", "renew", "dry-run", "revoke", "import", "export", "account", "tlsa")
PEM = "-----BEGIN CERTIFICATE-----\nleaf\n"
KEY = "-----BEGIN PRIVATE KEY-----\nsecret\n"


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_examples_and_exit_codes(verb: str) -> None:
    output = CliRunner().invoke(main, ["cert", verb, "-h"]).output
    assert "Examples:" in output
    assert f"stalwart-edge cert {verb}" in output
    assert ("Exit codes:" in output) == (verb != "account")


def test_show_prints_whatever_the_edge_says(cert: Command, operations: FakeOperations) -> None:
    operations.result = {
        "certificate": NAME,
        "versions": [{"id": "a", "names": ["x", "y"], "profile": None}, {"id": "b"}],
        "ari": {"explanation_url": "https://ca/why"},
        "is_served": True,
        "failures": 0,
    }
    result = cert("show", NAME)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"certificate: {NAME}",
        "versions:",
        "  - id: a",
        "    names: x, y",
        "  - id: b",
        "ari:",
        "  explanation url: https://ca/why",
        "is served: yes",
        "failures: 0",
    ]
    assert operations.asked == [("show", NAME)]


@pytest.mark.parametrize("name", ["*.example.org", "2001:db8::1", "a/../b", "ü%2F"])
def test_names_arrive_as_they_are(cert: Command, operations: FakeOperations, name: str) -> None:
    operations.result = {}
    assert cert("show", name).exit_code == 0
    assert operations.asked == [("show", name)]


def test_dry_run(cert: Command, operations: FakeOperations) -> None:
    operations.result = {"issuer": "letsencrypt", "is_ok": True}
    result = cert("dry-run", NAME)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "It works: nothing was stored."
    operations.result = {"issuer": "letsencrypt", "is_ok": False, "error": "dns: no such name"}
    result = cert("dry-run", NAME)
    assert result.exit_code == 1
    assert "error: dns: no such name" in result.stdout


def test_revoke(cert: Command, operations: FakeOperations) -> None:
    operations.result = {"certificate": NAME}
    result = cert("revoke", NAME, "--reason", "keyCompromise")
    assert result.exit_code == 0
    assert operations.asked == [("revoke", NAME, "keyCompromise")]
    assert cert("revoke", NAME).exit_code == 2
    assert cert("revoke", NAME, "--reason", "affiliationChanged").exit_code == 2


def test_import(cert: Command, operations: FakeOperations, tmp_path: Path) -> None:
    operations.result = STATUS
    (tmp_path / "a.crt").write_text(PEM)
    (tmp_path / "a.key").write_text(KEY)
    arguments = ("import", NAME, "--cert", tmp_path / "a.crt", "--key", tmp_path / "a.key")
    result = cert(*arguments)
    assert result.exit_code == 0
    assert operations.asked == [("import", NAME, KEY.encode(), PEM.encode())]
    problem = certs.CertProblem(place="key", message="not its key", remedy="Another.", fatal=True)
    operations.error = certs.CertError([problem])
    result = cert(*arguments)
    assert (result.exit_code, result.stderr) == (1, "error: not its key\n    Another.\n")


@pytest.mark.parametrize("content", [b"", b"no pem", b"-----BEGIN X\xff", b"-----BEGIN " * 20_000])
def test_import_of_what_is_no_pem(
    cert: Command, operations: FakeOperations, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "a").write_bytes(content)
    result = cert("import", NAME, "--cert", tmp_path / "a", "--key", tmp_path / "a")
    assert result.exit_code == 1
    assert "holds no PEM" in result.stderr
    assert operations.asked == []


def test_export_to_standard_output(cert: Command, operations: FakeOperations) -> None:
    result = cert("export", NAME)
    assert (result.exit_code, result.stdout) == (0, PEM + KEY)
    assert cert("export", NAME, "--key-type", "rsa-2048").exit_code == 0
    assert operations.asked == [("export", NAME, None), ("export", NAME, certs.KeyType.RSA_2048)]


def test_export_into_a_directory(cert: Command, operations: FakeOperations, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "privkey.pem").write_text("old")
    result = cert("export", NAME, "--out", out)
    assert result.exit_code == 0
    assert (out / "privkey.pem").read_text() == KEY
    assert (out / "fullchain.pem").read_text() == PEM
    assert stat.S_IMODE((out / "privkey.pem").stat().st_mode) == 0o600
    assert sorted(path.name for path in out.iterdir()) == ["fullchain.pem", "privkey.pem"]


def test_accounts_show_where_the_terms_are(cert: Command, operations: FakeOperations) -> None:
    operations.result = [{"issuer": "letsencrypt", "terms_url": "https://le.example/terms"}]
    assert "terms url: https://le.example/terms" in cert("account", "show").stdout
    operations.result = []
    assert cert("account", "show").stdout.startswith("There is no account yet")
    assert operations.asked == [("accounts",)] * 2


def test_account_keys_are_rolled_over(cert: Command, operations: FakeOperations) -> None:
    operations.result = [{"issuer": "letsencrypt"}]
    assert cert("account", "rollover").exit_code == 0
    assert cert("account", "rollover", "--issuer", "letsencrypt").exit_code == 0
    assert operations.asked == [("roll_over", None), ("roll_over", "letsencrypt")]


def test_tlsa_is_ready_for_a_zone_file(cert: Command, operations: FakeOperations) -> None:
    operations.result = [
        {"record": "3 1 1 aa", "key_type": "ecdsa-p256", "is_next": False},
        {"record": "3 1 1 bb", "key_type": "ecdsa-p256", "is_next": True},
    ]
    assert cert("tlsa", NAME).stdout.splitlines() == [
        f"_25._tcp.{NAME}. IN TLSA 3 1 1 aa ; current key, ecdsa-p256",
        f"_25._tcp.{NAME}. IN TLSA 3 1 1 bb ; next key, ecdsa-p256",
    ]
    assert cert("tlsa", NAME, "--port", 443).stdout.startswith("_443._tcp.")
    operations.result = []
    assert cert("tlsa", NAME).exit_code == 3
