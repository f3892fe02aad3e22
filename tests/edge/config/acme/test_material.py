"""The files that `[acme]` names: secrets that are read, and everything wrong with them at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from edge.config.load import load
from edge.config.material import LoadedMaterial, load_material

NOW = datetime.now(UTC)

TEXT = """\
[edge]
hostname = "mail.example.org"
state_dir = "state"
[acme]
agree_to_terms = true
[[acme.issuer]]
name = "own"
directory = "https://ca.example.org/directory"
{issuer}
{dns}
[[certificate]]
names = ["mail.example.org", "192.0.2.1"]
source = "acme"
[[certificate]]
names = ["other.example.org"]
source = "self-signed"
[[listener]]
name = "imaps"
bind = ["192.0.2.1:993"]
mode = "tls"
backend = "imap"
[[backend]]
name = "imap"
servers = ["127.0.0.1:143"]
"""
EAB = 'eab_kid = "1"\neab_hmac_key_file = "eab"'
RFC2136 = (
    '[acme.dns]\nprovider = "rfc2136"\nserver = "::1"\ntsig_name = "k"\ntsig_secret_file = "tsig"'
)
EXEC = '[acme.dns]\nprovider = "exec"\nprogram = "hook"'
LEXICON = '[acme.dns]\nprovider = "cloudflare"\n[acme.dns.options]\n'


def load_with(folder: Path, *, issuer: str = "", dns: str = "", dry: bool = True) -> LoadedMaterial:
    path = folder / "edge.toml"
    path.write_text(TEXT.format(issuer=issuer, dns=dns))
    loaded = load(path, {})
    assert loaded.config is not None, loaded.problems
    return load_material(loaded.config, now=NOW, is_dry=dry)


def secret(folder: Path, name: str, content: str, mode: int = 0o600) -> None:
    (folder / name).write_text(content)
    (folder / name).chmod(mode)


def said(loaded: LoadedMaterial, folder: Path) -> list[tuple[str, str]]:
    found = (*loaded.problems, *loaded.warnings)
    assert all(problem.remedy for problem in found)
    return [(p.place.partition(" ")[2], p.message.replace(f"{folder}/", "")) for p in found]


@pytest.mark.parametrize("written", ["c2VjcmV0LWtleS0x", "c2VjcmV0LWtleS0x\n", " YQ== \n", "a-_9"])
def test_the_hmac_key_of_an_account_binding(tmp_path: Path, written: str) -> None:
    secret(tmp_path, "eab", written)
    loaded = load_with(tmp_path, issuer=EAB)
    assert said(loaded, tmp_path) == []
    assert loaded.material is not None
    assert loaded.material.acme is not None
    (issuer,) = loaded.material.acme.settings.issuers
    assert (issuer.eab_kid, issuer.eab_hmac_key) == ("1", written.strip().rstrip("="))
    assert issuer.eab_hmac_key not in repr(loaded)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "eab: is empty"),
        (" \n", "eab: is empty"),
        ("not a key!", "eab: holds no key in base64url"),
        ("a+b/", "eab: holds no key in base64url"),
        ("abcde", "eab: holds no key in base64url"),
        ("one\ntwo", "eab: holds no secret of one line"),
        ("a" * 20_000, "eab: holds no secret of one line"),
    ],
)
def test_what_is_no_hmac_key(tmp_path: Path, content: str, message: str) -> None:
    secret(tmp_path, "eab", content)
    loaded = load_with(tmp_path, issuer=EAB)
    assert loaded.material is None
    assert said(loaded, tmp_path) == [("[acme.issuer.0] eab_hmac_key_file", message)]
    if content.strip():
        assert content not in "".join(p.message + p.remedy for p in loaded.problems).replace(
            str(tmp_path), ""
        )


def test_all_problems_at_once(tmp_path: Path) -> None:
    secret(tmp_path, "tsig", "not base64!")
    loaded = load_with(tmp_path, issuer=f'{EAB}\nca_bundle = "ca.pem"', dns=RFC2136)
    assert said(loaded, tmp_path) == [
        ("[acme.issuer.0] eab_hmac_key_file", "eab: cannot be read: no such file or directory"),
        ("[acme.issuer.0] ca_bundle", "ca.pem: cannot be read: no such file or directory"),
        ("[acme.dns] tsig_secret_file", "tsig: holds no key in base64"),
    ]


def test_a_ca_bundle(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert said(load_with(tmp_path, issuer='ca_bundle = "ca.pem"'), tmp_path) == []
    (tmp_path / "ca.pem").write_text("no certificate")
    assert said(load_with(tmp_path, issuer='ca_bundle = "ca.pem"'), tmp_path) == [
        ("[acme.issuer.0] ca_bundle", "ca.pem: holds no CA certificate in PEM"),
    ]


def test_secrets_that_everybody_can_read(tmp_path: Path) -> None:
    secret(tmp_path, "eab", "YQ", 0o644)
    secret(tmp_path, "tsig", "YQ==", 0o640)
    loaded = load_with(tmp_path, issuer=EAB, dns=RFC2136)
    assert loaded.material is not None
    assert loaded.material.acme is not None
    assert loaded.material.acme.tsig_secret == b"a"
    assert said(loaded, tmp_path) == [
        ("[acme.issuer.0] eab_hmac_key_file", "eab: every user of this host can read this secret"),
    ]


def test_a_hook(tmp_path: Path) -> None:
    assert said(load_with(tmp_path, dns=EXEC), tmp_path) == [
        ("[acme.dns] program", "hook: there is no such program"),
    ]
    secret(tmp_path, "hook", "#!/bin/sh\n")
    assert said(load_with(tmp_path, dns=EXEC), tmp_path) == [
        ("[acme.dns] program", "hook: cannot be executed"),
    ]
    (tmp_path / "hook").chmod(0o700)
    assert said(load_with(tmp_path, dns=EXEC), tmp_path) == []


def test_options_of_lexicon(tmp_path: Path) -> None:
    secret(tmp_path, "token", "s3cret\n")
    options = 'auth_username = "me"\nauth_token_file = "token"\n'
    loaded = load_with(tmp_path, dns=LEXICON + options)
    assert said(loaded, tmp_path) == []
    assert loaded.material is not None
    assert loaded.material.acme is not None
    assert loaded.material.acme.dns_options == {"auth_username": "me", "auth_token": "s3cret"}
    assert "s3cret" not in repr(loaded)


def test_options_that_everybody_can_read(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").touch(0o644)
    options = 'auth_username = "me"\nauth_token = "s3cret"\n'
    message = "every user of this host can read this file, and with it auth_token"
    assert said(load_with(tmp_path, dns=LEXICON + options), tmp_path) == [
        ("[acme.dns.options] auth_token", message),
    ]
    (tmp_path / "edge.toml").chmod(0o640)
    assert said(load_with(tmp_path, dns=LEXICON + options), tmp_path) == []


def test_a_mistyped_provider_is_guessed(tmp_path: Path) -> None:
    loaded = load_with(tmp_path, dns='[acme.dns]\nprovider = "cloudfare"\n')
    assert said(loaded, tmp_path) == [
        ("[acme.dns] provider", 'dns-lexicon has no provider "cloudfare"'),
    ]
    assert loaded.problems[0].remedy == 'Did you mean "cloudflare"?'


def test_without_lexicon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    loaded = load_with(tmp_path, dns=LEXICON)
    assert said(loaded, tmp_path) == [
        ("[acme.dns] provider", '"cloudflare" needs dns-lexicon, which is not installed'),
    ]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    loaded = load_with(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edge.toml"]
    assert loaded.material is not None
    assert loaded.material.bootstrap == {"mail.example.org"}
    first, _ = loaded.material.snapshot.sets
    assert first.names == ("mail.example.org", "192.0.2.1")
    assert first.certificates[0].is_self_signed


def test_what_is_stored_is_served(tmp_path: Path) -> None:
    first = load_with(tmp_path, dry=False).material
    assert first is not None
    assert first.bootstrap == {"mail.example.org"}
    assert (tmp_path / "state" / "certs").is_dir()
    again = load_with(tmp_path).material
    assert again is not None
    assert again.snapshot.sets[0] == first.snapshot.sets[0]


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "certs").write_text("")
    loaded = load_with(tmp_path, dry=False)
    assert loaded.material is not None
    assert loaded.material.bootstrap == {"mail.example.org"}
    ((place, message),) = said(loaded, tmp_path)
    assert place == "[certificate.0]"
    assert "state/certs" in message
