"""What a backend reads from the header: aiosmtpd's own parser takes the TLVs apart."""

import ssl

import pytest

from tests.support.clear import ClearClient
from tests.support.hosts import RecorderHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.tls_peer import TlsPeer

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_tls_session(
    mode: str, version: ssl.TLSVersion, recorder_host: RecorderHost, pki: Pki
) -> None:
    """Version, cipher, group, SNI, ALPN and the record's id."""
    context = pki.client_context(version=version, alpn=("smtp",))
    port = recorder_host.mx if mode == "starttls" else recorder_host.submissions
    with ClearClient(port) as client:
        if mode == "starttls":
            peer = client.upgrade("smtp", context, HOSTNAME)
        else:
            peer = client.tls(context, HOSTNAME)
            assert peer.line().startswith(b"220 ")
        _quit(peer)
        header = recorder_host.recorder.header_from(client.address)
        record = recorder_host.edge.established(client.address)
        cipher = peer.tls.cipher()

    version_name = peer.tls.version()
    assert cipher is not None
    assert version_name is not None
    tlv = header.tlv
    assert tlv is not None
    assert str(header.src_addr) == client.address[0]
    assert (str(header.dst_addr), header.dst_port) == ("127.0.0.1", port)
    assert tlv["SSL_VERSION"] == version_name.encode()
    assert tlv["SSL_CIPHER"] == cipher[0].encode()
    assert tlv["AUTHORITY"] == HOSTNAME.encode()
    assert tlv["ALPN"] == b"smtp"
    assert tlv["UNIQUE_ID"] == str(record["id"]).encode()
    assert tlv["x26"] == str(record["group"]).encode()
    assert record["tls_version"] == version_name
    assert record["cipher"] == cipher[0]
    assert record["alpn"] == "smtp"


def test_plaintext_session(recorder_host: RecorderHost) -> None:
    """No SSL TLV, nothing about TLS; but the addresses and the id."""
    with ClearClient(recorder_host.mx) as client:
        client.greeting("smtp")
        client.send(b"EHLO client.example.org\r\n")
        client.reply()
        client.send(b"MAIL FROM:<a@example.org>\r\n")
        assert client.reply().startswith(b"250 ")
        header = recorder_host.recorder.header_from(client.address)
        client.send(b"QUIT\r\n")
        assert client.reply().startswith(b"221 ")
    record = recorder_host.edge.closed(client.address)

    assert str(header.src_addr) == client.address[0]
    assert header.tlv is not None
    assert not [name for name in header.tlv if name.startswith("SSL") or name == "x26"]
    assert "AUTHORITY" not in header.tlv
    assert header.tlv["UNIQUE_ID"] == str(record["id"]).encode()
    assert record["tls"] is False


def _quit(peer: TlsPeer) -> None:
    peer.send(b"QUIT\r\n")
    assert peer.line().startswith(b"221 ")
