"""HTTPS: nginx behind the edge, reached by curl."""

import hashlib
import random
from pathlib import Path

import pytest

from tests.support.hosts import WebHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.s_client import s_client
from tests.support.tools import Finished, run


def curl(host: WebHost, pki: Pki, path: str, *options: str) -> Finished:
    return run(
        "curl",
        *("--silent", "--show-error", "--verbose", "--max-time", "20", "--cacert", str(pki.ca)),
        *("--connect-to", f"{HOSTNAME}:{host.port}:127.0.0.1:{host.port}"),
        *options,
        f"https://{HOSTNAME}:{host.port}{path}",
    )


def test_alpn_is_http_1_1(web_host: WebHost, pki: Pki) -> None:
    """curl offers h2 and http/1.1, and gets the one that the edge can carry."""
    finished = curl(web_host, pki, "/address", "--interface", "127.1.4.1")
    assert finished.status == 0, finished.text
    assert "ALPN: server accepted http/1.1" in finished.text
    record = web_host.edge.wait_for("connection.closed", client_ip="127.1.4.1")
    assert f"127.1.4.1:{record['client_port']}" in finished.text
    assert record["protocol"] == "http"


def test_h2_alone_is_refused(web_host: WebHost) -> None:
    """No overlap: alert 120, no_application_protocol (RFC 7301 section 3.2)."""
    finished = s_client(web_host.port, "-alpn", "h2")
    assert finished.alert == 120
    assert finished.closed(web_host.edge)["outcome"] == "alpn_mismatch"


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 5_000_000])
def test_a_file_arrives_unchanged(size: int, web_host: WebHost, pki: Pki, tmp_path: Path) -> None:
    content = random.Random(size).randbytes(size)
    (web_host.nginx.root / f"file-{size}").write_bytes(content)
    finished = curl(web_host, pki, f"/file-{size}", "--output", str(tmp_path / "got"), "--fail")
    assert finished.status == 0, finished.text
    got = (tmp_path / "got").read_bytes() if size else b""
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
