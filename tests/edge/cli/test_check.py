"""`check`: everything wrong at once with its remedy, a plan when nothing is, exit codes."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result

import certs
from certs.pem import parse_pair
from certs.store.unit import VersionMeta
from certs.store.versions import Versions
from edge.cli.main import main

GOOD = """\
[edge]
hostname = "mail.example.org"
[[certificate]]
names = ["mail.example.org"]
source = "files"
cert = "mail.crt"
key = "mail.key"
[[listener]]
name = "submission"
bind = ["192.0.2.1:587", "[2001:db8::1]:587"]
mode = "starttls"
backend = "submission"
[[backend]]
name = "submission"
servers = ["127.0.0.1:587"]
"""


@pytest.fixture
def edge_toml(tmp_path: Path) -> Path:
    leaf = trustme.CA().issue_cert("mail.example.org")
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "mail.crt"))
    leaf.private_key_pem.write_to_path(str(tmp_path / "mail.key"))
    (tmp_path / "mail.key").chmod(0o600)
    path = tmp_path / "edge.toml"
    path.write_text(GOOD)
    return path


def check(*arguments: str | Path, **environ: str) -> Result:
    runner = CliRunner(env={"STALWART_EDGE_CONFIG": None, **environ})
    return runner.invoke(main, ["check", *map(str, arguments)])


def test_a_good_file_shows_what_it_comes_to(edge_toml: Path) -> None:
    result = check(edge_toml)
    assert result.exit_code == 0
    assert result.stderr == ""
    listener, certificate, verdict = result.stdout.splitlines()
    assert listener == (
        "submission: 192.0.2.1:587, [2001:db8::1]:587  starttls auto  ->  127.0.0.1:587"
    )
    assert certificate.startswith("certificate mail.example.org: EC256, until 3000-")
    assert verdict == f"{edge_toml}: ok, 0 warnings"


def test_errors_and_warnings_with_their_remedies(edge_toml: Path) -> None:
    text = GOOD.replace("bind =", "bnd =").replace('hostname = "', 'hostname = "x.')
    edge_toml.write_text(text + '[log]\nlevel = "loud"\n')
    result = check(edge_toml)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        'edge.toml:2 [edge] hostname: error: no certificate is for "x.mail.example.org"',
        "    Add the name to `names` of the certificate that clients without SNI are to get.",
        "edge.toml:8 [listener.0]: error: `bind` is missing",
        '    Add bind = ["192.0.2.1:25"]',
        "edge.toml:10 [listener.0] bnd: error: unknown key",
        "    Did you mean `bind`?",
        'edge.toml:17 [log] level: error: "loud" is no choice here',
        '    Choices: "debug", "info", "warning", "error".',
        f"{edge_toml}: 4 errors, 0 warnings",
    ]


def test_keys_and_certificates_are_compared(edge_toml: Path) -> None:
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(str(edge_toml.parent / "mail.key"))
    result = check(edge_toml)
    assert result.exit_code == 1
    assert "belongs to another certificate" in result.stderr


def test_warnings_alone_are_no_failure(edge_toml: Path) -> None:
    edge_toml.parent.joinpath("mail.key").chmod(0o644)
    result = check(edge_toml)
    assert result.exit_code == 0
    assert "[certificate.0] key: warning: " in result.stderr
    assert result.stdout.endswith(f"{edge_toml}: ok, 1 warning\n")


def test_json(edge_toml: Path) -> None:
    good = check(edge_toml, "--json")
    assert json.loads(good.stdout) == {
        "file": str(edge_toml),
        "ok": True,
        "errors": [],
        "warnings": [],
    }
    edge_toml.write_text("[edge]\nhostname = 1")
    bad = check(edge_toml, "--json")
    assert bad.exit_code == 1
    report = json.loads(bad.stdout)
    assert report["ok"] is False
    assert report["errors"][-1] == {
        "place": "edge.toml:2 [edge] hostname",
        "message": "1 is not a host name",
        "remedy": 'Write one like "mail.example.org".',
    }


def test_schema_needs_no_file() -> None:
    result = check("--schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["$defs"]["Listener"]["additionalProperties"] is False


def test_the_file_by_option_and_by_environment(edge_toml: Path, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.toml")
    assert check("--config", edge_toml).exit_code == 0
    assert check(STALWART_EDGE_CONFIG=str(edge_toml)).exit_code == 0
    assert check(edge_toml, STALWART_EDGE_CONFIG=absent).exit_code == 0
    assert check("--config", edge_toml, STALWART_EDGE_CONFIG=absent).exit_code == 0
    assert check(STALWART_EDGE_CONFIG=absent).exit_code == 1


def test_two_files_are_wrong_usage(edge_toml: Path) -> None:
    result = check(edge_toml, "--config", edge_toml)
    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_nothing_is_written(edge_toml: Path) -> None:
    text = GOOD.replace('cert = "mail.crt"\nkey = "mail.key"\n', "").replace("files", "self-signed")
    edge_toml.write_text(text.replace("[[certificate]]", 'state_dir = "state"\n[[certificate]]'))
    before = sorted(edge_toml.parent.iterdir())
    assert check(edge_toml).exit_code == 0
    assert sorted(edge_toml.parent.iterdir()) == before


def test_the_installed_command(edge_toml: Path) -> None:
    command = Path(sys.executable).with_name("stalwart-edge")
    environ = {**os.environ, "STALWART_EDGE_CONFIG": str(edge_toml)}
    run = subprocess.run([command, "check"], env=environ, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.endswith(b": ok, 0 warnings\n")


def test_the_data_path_is_not_loaded() -> None:
    script = "import sys, edge.cli.check; print(*(m for m in sys.modules if m in sys.argv))"
    unwanted = ["asyncio", "uvloop", "edge.run", "edge.net", "edge.demo"]
    run = subprocess.run(
        [sys.executable, "-c", script, *unwanted], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []


ACME = GOOD.replace('cert = "mail.crt"\nkey = "mail.key"\n', "").replace(
    '[[certificate]]\nnames = ["mail.example.org"]\nsource = "files"',
    'state_dir = "state"\n[acme]\nagree_to_terms = true\n'
    '[[certificate]]\nnames = ["mail.example.org"]\nsource = "acme"',
)


def test_a_certificate_that_is_still_to_come(edge_toml: Path) -> None:
    edge_toml.write_text(ACME)
    result = check(edge_toml)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1:] == [
        "http-01 and the redirect to https: 0.0.0.0:80, [::]:80",
        "certificate mail.example.org: from letsencrypt by http-01",
        "  none yet: the edge obtains it when it runs",
        f"{edge_toml}: ok, 0 warnings",
    ]
    assert not (edge_toml.parent / "state").exists()


def test_a_certificate_that_is_stored(edge_toml: Path) -> None:
    edge_toml.write_text(ACME)
    folder = edge_toml.parent
    chain, key = (folder / "mail.crt").read_bytes(), (folder / "mail.key").read_bytes()
    lineage = certs.Lineage("mail.example.org", certs.KeyType.ECDSA_P256)
    versions = Versions(certs.FileStore(folder / "state" / "certs"))
    meta = VersionMeta.describing(
        parse_pair(chain, key),
        lineage=lineage,
        issuer="letsencrypt",
        directory=certs.LETS_ENCRYPT,
        created_at=datetime.now(UTC),
    )
    version = versions.add(lineage, key_pem=key, chain_pem=chain, meta=meta)
    versions.switch(lineage, version.id)
    result = check(edge_toml)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[3].startswith("  stored: EC256, until ")
