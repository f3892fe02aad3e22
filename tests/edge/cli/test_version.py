"""`version`: true for this platform, since every answer is tried in a handshake."""

import json
import platform
import ssl

import pytest
from click.testing import CliRunner

import certs
import edge
from edge.cli import platform as probes
from edge.cli.main import main


def test_text() -> None:
    result = CliRunner().invoke(main, ["version"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == f"stalwart-edge {edge.__version__}"
    assert lines[1] == f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"
    assert "TLS versions: TLSv1.2, TLSv1.3" in lines


def test_json() -> None:
    report = json.loads(CliRunner().invoke(main, ["version", "--json"]).output)
    assert report["stalwart_edge"] == edge.__version__
    assert report["openssl"] == ssl.OPENSSL_VERSION
    assert report["tls_versions"] == ["TLSv1.2", "TLSv1.3"]
    assert {"x25519", "secp256r1", "secp384r1"} <= set(report["key_exchange_groups"])
    is_hybrid = ssl.OPENSSL_VERSION_INFO >= (3, 5)
    assert ("X25519MLKEM768" in report["key_exchange_groups"]) == is_hybrid
    assert report["post_quantum"] == is_hybrid
    assert all(report[name] for name in ("cryptography_openssl", "msgspec", "uvloop"))


def test_a_platform_with_fewer_groups_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    make = certs.base_context

    def poorer(profile: certs.TlsProfile) -> ssl.SSLContext:
        context = make(profile)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_ecdh_curve("secp384r1")
        return context

    monkeypatch.setattr(certs, "base_context", poorer)
    assert probes.offered_groups() == ["secp384r1"]
    assert probes.offered_versions() == ["TLSv1.3"]
