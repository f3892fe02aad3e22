"""Made-up records and headers of one connection, as the edge and the stand-in report them."""

from edge.core.proxy.decode import Decoded, decode
from edge.demo.journal import Received
from edge.ops.records import Closed, Established
from tests.support.handmade_headers import V4_ADDRESSES, ssl_tlv, tlv, with_crc32c

ID = "0123456789-1"
TIME = "2026-01-01T00:00:00.000000Z"
CLIENT = "203.0.113.77:50000"


def received(connection_id: str = ID, *, tls: bool = True, service: str = "imaps") -> Received:
    """The header of a connection from `CLIENT`."""
    ssl = ssl_tlv(1, 1, tlv(0x21, b"TLSv1.3"), tlv(0x23, b"TLS_AES_128_GCM_SHA256"))
    parts = [V4_ADDRESSES, *([ssl] if tls else []), tlv(0x05, connection_id.encode())]
    raw = with_crc32c(0x21, 0x11, *parts)
    header = decode(raw)
    assert isinstance(header, Decoded)
    return Received(service=service, raw=raw, header=header)


def established(connection_id: str = ID, *, sni: str | None = "localhost") -> Established:
    """The record of its handshake."""
    return Established(
        time=TIME,
        id=connection_id,
        listener="imaps",
        protocol="imap",
        starttls=False,
        client_ip="203.0.113.77",
        client_port=50000,
        sni=sni,
        alpn="imap",
        tls_version="TLSv1.3",
        cipher="TLS_AES_128_GCM_SHA256",
        group="X25519MLKEM768",
        resumed=False,
        ja4="t13d1516h2_8daaf6152771_b0da82dd1658",
        certificate_sha256=None,
        client_certificate_cn=None,
        backend="imaps",
        clear_ms=None,
        hello_ms=0.1,
        handshake_ms=1.2,
    )


def closed(
    connection_id: str = ID, *, server: str | None = "127.0.0.2:2993", detail: str | None = None
) -> Closed:
    """The record of its end; without `server` it never reached the stand-in."""
    return Closed(
        time=TIME,
        id=connection_id,
        listener="imaps",
        protocol="imap",
        tls=True,
        client_ip="203.0.113.77",
        client_port=50000,
        sni="localhost",
        backend="imaps",
        server=server,
        outcome="client_closed" if server else "backend_unreachable",
        detail=detail,
        bytes_in=10,
        bytes_out=20,
        connect_ms=None,
        greeting_ms=None,
        duration_ms=1234.5,
    )
