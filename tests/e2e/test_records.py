"""The two records of a connection say what the client knows to be true."""

import re

import pytest

from tests.support.clear import ClearClient
from tests.support.edge import fields_of
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage

# https://github.com/FoxIO-LLC/ja4: transport, version, SNI, counts, ALPN; two hashes.
JA4 = re.compile(r"t13[di]\d{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}")


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_records(mode: str, stage: Stage, pki: Pki) -> None:
    with ClearClient(stage["imap"].port(mode)) as client:
        context = pki.client_context(alpn=("imap",))
        if mode == "starttls":
            peer, relayed = client.upgrade("imap", context, HOSTNAME), b""
        else:
            peer = client.tls(context, HOSTNAME)
            relayed = peer.line()
        peer.send(b"a LOGOUT\r\n")
        relayed += peer.rest()
        cipher = peer.tls.cipher()
    established = stage.edge.established(client.address)
    closed = stage.edge.closed(client.address)

    assert cipher is not None
    assert fields_of(
        established, "listener", "protocol", "starttls", "client_ip", "client_port", "sni", "alpn",
        "tls_version", "cipher", "resumed", "client_certificate_cn", "backend",
    ) == {
        "listener": f"imap-{mode}",
        "protocol": "imap",
        "starttls": mode == "starttls",
        "client_ip": client.address[0],
        "client_port": client.address[1],
        "sni": HOSTNAME,
        "alpn": "imap",
        "tls_version": "TLSv1.3",
        "cipher": cipher[0],
        "resumed": False,
        "client_certificate_cn": None,
        "backend": "imap",
    }  # fmt: skip
    assert JA4.fullmatch(str(established["ja4"]))
    assert str(established["ja4"]).startswith("t13d")
    assert (established["clear_ms"] is not None) == (mode == "starttls")
    assert closed["id"] == established["id"]
    assert closed["outcome"] == "backend_closed"
    assert closed["server"] == f"127.0.0.1:{stage['imap'].backend.port}"
    assert closed["bytes_in"] == len(b"a LOGOUT\r\n")
    assert closed["bytes_out"] == len(relayed)
    for phase in ("hello_ms", "handshake_ms"):
        assert float(str(established[phase])) >= 0
    assert float(str(closed["duration_ms"])) > 0
