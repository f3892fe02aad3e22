"""The generated OpenSSL configuration is taken by the OpenSSL that runs here, and has effect."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from edge.run.opensslconf import text

PRINT_SUITES = (
    "import ssl; print(*[c['name'] for c in "
    "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).get_ciphers() if c['protocol'] == 'TLSv1.3'])"
)


def test_suites_are_in_our_order(tmp_path: Path) -> None:
    file = tmp_path / "openssl.cnf"
    file.write_text(text())
    finished = subprocess.run(
        [sys.executable, "-c", PRINT_SUITES],
        env={**os.environ, "OPENSSL_CONF": str(file)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert finished.stdout.split() == [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ]


@pytest.mark.parametrize(
    ("version", "has_hybrid"),
    [((3, 0, 0, 19, 0), False), ((3, 4, 9, 0, 0), False), ((3, 5, 0, 0, 0), True),
     ((4, 0, 3, 0, 0), True)],
)  # fmt: skip
def test_the_hybrid_group_is_asked_for_only_where_it_exists(
    version: tuple[int, ...], has_hybrid: bool
) -> None:
    assert ("X25519MLKEM768" in text(version)) is has_hybrid
    assert ssl.OPENSSL_VERSION_INFO >= (3, 0)
