"""The files a configuration names: loaded and compared, each problem at the key that names it."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from edge.config.load import load
from edge.config.material import LoadedMaterial, load_material
from edge.config.tree import Config

NOW = datetime.now(UTC)

HEAD = """\
[edge]
hostname = "mail.example.org"
state_dir = "state"
[[listener]]
name = "imaps"
bind = ["192.0.2.1:993"]
mode = "tls"
backend = "imap"
{client_ca}
[[backend]]
name = "imap"
servers = ["127.0.0.1:143"]
"""
FILES = """\
[[certificate]]
names = [{names}]
source = "files"
cert = [{cert}]
key = [{key}]
"""
SELF_SIGNED = """\
[[certificate]]
names = ["mail.example.org"]
source = "self-signed"
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def issue(folder: Path, authority: trustme.CA, label: str, *names: str) -> None:
    leaf = authority.issue_cert(*names)
    (folder / f"{label}.crt").write_bytes(b"".join(b.bytes() for b in leaf.cert_chain_pems))
    (folder / f"{label}.key").write_bytes(leaf.private_key_pem.bytes())
    (folder / f"{label}.key").chmod(0o600)


def configuration(folder: Path, *tables: str, client_ca: str = "") -> Config:
    path = folder / "edge.toml"
    path.write_text(HEAD.format(client_ca=client_ca) + "".join(tables))
    loaded = load(path, {})
    assert loaded.config is not None, loaded.problems
    return loaded.config


def table(names: str, *labels: str) -> str:
    return FILES.format(
        names=", ".join(f'"{name}"' for name in names.split()),
        cert=", ".join(f'"{label}.crt"' for label in labels),
        key=", ".join(f'"{label}.key"' for label in labels),
    )


def said(loaded: LoadedMaterial, folder: Path) -> list[tuple[str, str]]:
    found = (*loaded.problems, *loaded.warnings)
    assert all(problem.remedy for problem in found)
    return [(p.place, p.message.replace(f"{folder}/", "")) for p in found]


def test_sets_by_name_and_the_default_for_the_host(tmp_path: Path, authority: trustme.CA) -> None:
    issue(tmp_path, authority, "a", "*.example.net")
    issue(tmp_path, authority, "b", "mail.example.org")
    config = configuration(tmp_path, table("*.example.net", "a"), table("mail.example.org", "b"))
    loaded = load_material(config, now=NOW)
    assert loaded.problems == loaded.warnings == ()
    assert loaded.material is not None
    snapshot = loaded.material.snapshot
    assert snapshot.default is snapshot.select("mail.example.org") is snapshot.sets[1]
    assert snapshot.select("x.example.net") is snapshot.sets[0]
    assert loaded.material.client_ca_pem == {}


def test_all_problems_at_once_with_their_places(tmp_path: Path, authority: trustme.CA) -> None:
    issue(tmp_path, authority, "a", "mail.example.org")
    issue(tmp_path, authority, "b", "mail.example.org")
    (tmp_path / "a.key").write_bytes((tmp_path / "b.key").read_bytes())
    (tmp_path / "b.key").chmod(0o644)
    config = configuration(
        tmp_path,
        table("mail.example.org", "a", "b"),
        table("other.example.org", "absent"),
        client_ca='client_ca = "edge.toml"',
    )
    loaded = load_material(config, now=NOW)
    assert loaded.material is None
    assert said(loaded, tmp_path) == [
        (
            "edge.toml:9 [listener.0] client_ca",
            "edge.toml: holds no CA certificate in PEM",
        ),
        (
            "edge.toml:16 [certificate.0] cert[0]",
            "a.crt: the key a.key belongs to another certificate",
        ),
        (
            "edge.toml:21 [certificate.1] cert",
            "absent.crt: cannot be read: no such file or directory",
        ),
        (
            "edge.toml:22 [certificate.1] key",
            "absent.key: cannot be read: no such file or directory",
        ),
        (
            "edge.toml:17 [certificate.0] key[1]",
            "b.key: every user of this host can read this key",
        ),
    ]


def test_an_expired_certificate_is_a_warning(tmp_path: Path, authority: trustme.CA) -> None:
    leaf = authority.issue_cert("mail.example.org", not_after=NOW - timedelta(days=1))
    leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.crt"))
    (tmp_path / "both.crt").chmod(0o600)
    text = table("mail.example.org", "both").replace("both.key", "both.crt")
    loaded = load_material(configuration(tmp_path, text), now=NOW)
    assert loaded.material is not None
    ((place, message),) = said(loaded, tmp_path)
    assert place == "edge.toml:16 [certificate.0] cert"
    assert message.startswith("both.crt: expired on ")


def test_client_ca(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = configuration(tmp_path, SELF_SIGNED, client_ca='client_ca = "ca.pem"')
    loaded = load_material(config, now=NOW, is_dry=True)
    assert loaded.material is not None
    assert loaded.material.client_ca_pem == {"imaps": authority.cert_pem.bytes()}
    (tmp_path / "ca.pem").unlink()
    ((_, message),) = said(load_material(config, now=NOW, is_dry=True), tmp_path)
    assert message == "ca.pem: cannot be read: no such file or directory"


def test_self_signed_is_kept_unless_it_is_a_dry_run(tmp_path: Path) -> None:
    config = configuration(tmp_path, SELF_SIGNED)
    assert load_material(config, now=NOW, is_dry=True).material is not None
    assert not (tmp_path / "state").exists()
    first, second = (load_material(config, now=NOW).material for _ in range(2))
    assert first is not None
    assert first == second
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_state_directory_that_cannot_be_used(tmp_path: Path) -> None:
    config = configuration(tmp_path, SELF_SIGNED)
    (tmp_path / "state").write_text("")
    ((place, message),) = said(load_material(config, now=NOW), tmp_path)
    assert place == "edge.toml:13 [certificate.0]"
    assert "a self-signed certificate cannot be kept here: not a directory" in message


def test_a_file_gone_since_it_was_read_costs_only_the_lines(tmp_path: Path) -> None:
    config = configuration(tmp_path, table("mail.example.org", "absent"))
    config.path.unlink()
    places = [place for place, _ in said(load_material(config, now=NOW), tmp_path)]
    assert places == ["edge.toml [certificate.0] cert", "edge.toml [certificate.0] key"]
