"""What this platform's OpenSSL really does: every answer comes from its server side, in memory."""

import ssl
import struct
from datetime import UTC, datetime, timedelta
from typing import Final

import certs
from edge.core.hello.registry import group_name
from edge.core.hello.serverhello import negotiated_group

_GROUPS: Final = (0x11EC, 0x11EB, 0x11ED, 0x001D, 0x0017, 0x0018, 0x0019, 0x001E)
"""The hybrids with ML-KEM first, then X25519, P-256, P-384, P-521, X448 (IANA)."""


def offered_versions() -> list[str]:
    """The TLS versions in which a handshake completes: `["TLSv1.2", "TLSv1.3"]`."""
    site, base = _contexts()
    found = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        try:
            client.minimum_version = client.maximum_version = version
            found.append(_handshake(client, base, site))
        except (ssl.SSLError, ValueError):
            continue
    return found


def offered_groups() -> list[str]:
    """The key-exchange groups the server side agrees to.

    A ClientHello that supports one group and brings no key share for it is answered with a
    HelloRetryRequest naming the group (RFC 8446 §4.1.4), or with an alert where it is unknown.
    """
    site, base = _contexts()
    return [group_name(group) for group in _GROUPS if _asks_for(group, base, site)]


def _contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    made = certs.self_signed(("localhost",), now=datetime.now(UTC), valid_for=timedelta(days=1))
    profile = certs.TlsProfile(
        policy=certs.TlsPolicy.INTERMEDIATE,
        alpn=(),
        client_auth=certs.ClientAuth.NONE,
        client_ca_pem=None,
    )
    return certs.site_context(made.certificates[0], profile), certs.base_context(profile)


def _handshake(client: ssl.SSLContext, base: ssl.SSLContext, site: ssl.SSLContext) -> str:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server)
    far = base.wrap_bio(to_server, to_client, server_side=True)
    far.context = site
    for side in (near, far, near, far, near):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return near.version() or ""


def _asks_for(group: int, base: ssl.SSLContext, site: ssl.SSLContext) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    far = base.wrap_bio(to_server, to_client, server_side=True)
    far.context = site
    to_server.write(_hello_without_share(group))
    try:
        far.do_handshake()
    except ssl.SSLWantReadError:
        return negotiated_group(to_client.read()) == group
    except ssl.SSLError:
        return False
    return False


def _hello_without_share(group: int) -> bytes:
    def extension(number: int, body: bytes) -> bytes:
        return struct.pack(">HH", number, len(body)) + body

    extensions = (
        extension(0x002B, b"\x02\x03\x04")  # supported_versions: TLS 1.3
        + extension(0x000A, struct.pack(">HH", 2, group))  # supported_groups
        + extension(0x0033, b"\x00\x00")  # key_share: none
        + extension(0x000D, b"\x00\x02\x04\x03")  # signature_algorithms: ecdsa_secp256r1_sha256
    )
    body = b"\x03\x03" + bytes(32) + b"\x20" + bytes(32)  # version, random, session id
    body += b"\x00\x02\x13\x01" + b"\x01\x00"  # TLS_AES_128_GCM_SHA256, no compression
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message
