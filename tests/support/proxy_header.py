"""PROXY protocol v2 (and v1) headers, read and made independently of the edge's own code.

https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, sections 2.1 and 2.2. Strict: anything
that is not exactly as the text says is an AssertionError, because the edge wrote it.
"""

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED_BYTES = 16

ALPN = 0x01
AUTHORITY = 0x02
CRC32C = 0x03
UNIQUE_ID = 0x05
SSL = 0x20
SSL_VERSION = 0x21
SSL_CN = 0x22
SSL_CIPHER = 0x23
SSL_GROUP = 0x26


@dataclass(frozen=True, slots=True, kw_only=True)
class SslTlv:
    """PP2_TYPE_SSL: the client bits, the verify result, and the sub-TLVs by type."""

    client: int
    verify: int
    values: dict[int, bytes]

    def text(self, kind: int) -> str | None:
        """One sub-TLV as text."""
        return self.values[kind].decode("ascii") if kind in self.values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One header as it came: `raw` is all of it, `kinds` are the TLV types in their order."""

    raw: bytes
    is_local: bool
    source: tuple[str, int] | None
    destination: tuple[str, int] | None
    kinds: tuple[int, ...]
    values: dict[int, bytes]

    @property
    def ssl(self) -> SslTlv | None:
        """The SSL TLV, None on a plaintext session."""
        value = self.values.get(SSL)
        if value is None:
            return None
        client, verify = struct.unpack_from("!BI", value)
        return SslTlv(client=client, verify=verify, values=dict(_tlvs(value[5:])))

    @property
    def unique_id(self) -> str:
        """The connection id, as in every record of the edge."""
        return self.values[UNIQUE_ID].decode("ascii")


def read_header(read_exactly: Callable[[int], bytes]) -> Header:
    """Read one v2 header by calls of `read_exactly(n)`."""
    fixed = read_exactly(FIXED_BYTES)
    assert fixed[:12] == SIGNATURE, f"no PROXY v2 signature: {fixed!r}"
    rest = read_exactly(int.from_bytes(fixed[14:16], "big"))
    return _decode(fixed + rest)


def read_v1_header(read_exactly: Callable[[int], bytes]) -> Header:
    """Read one v1 line, byte by byte."""
    raw = b""
    while not raw.endswith(b"\r\n"):
        assert len(raw) < 107, f"no PROXY v1 line: {raw!r}"
        raw += read_exactly(1)
    words = raw.decode("ascii").split()
    assert words[0] == "PROXY", raw
    is_local = words[1] == "UNKNOWN"
    return Header(
        raw=raw,
        is_local=is_local,
        source=None if is_local else (words[2], int(words[4])),
        destination=None if is_local else (words[3], int(words[5])),
        kinds=(),
        values={},
    )


def _decode(raw: bytes) -> Header:
    command, family = raw[12], raw[13]
    assert command in {0x20, 0x21}, f"version and command 0x{command:02x}"
    if command == 0x20:
        # The edge's LOCAL header has no family and no addresses; TLVs may follow.
        assert family == 0, f"LOCAL with family 0x{family:02x}"
        return _with_tlvs(raw, raw[FIXED_BYTES:], is_local=True, source=None, destination=None)
    assert family in {0x11, 0x21}, f"family 0x{family:02x}"
    size = 4 if family == 0x11 else 16
    ports_at = FIXED_BYTES + 2 * size
    source_port, destination_port = struct.unpack_from("!HH", raw, ports_at)
    return _with_tlvs(
        raw,
        raw[ports_at + 4 :],
        is_local=False,
        source=(_address(raw[FIXED_BYTES : FIXED_BYTES + size]), source_port),
        destination=(_address(raw[FIXED_BYTES + size : ports_at]), destination_port),
    )


def _address(packed: bytes) -> str:
    return str(ipaddress.ip_address(packed))


def _with_tlvs(
    raw: bytes,
    tail: bytes,
    *,
    is_local: bool,
    source: tuple[str, int] | None,
    destination: tuple[str, int] | None,
) -> Header:
    tlvs = _tlvs(tail)
    kinds = tuple(kind for kind, _ in tlvs)
    assert len(set(kinds)) == len(kinds), f"a TLV twice: {kinds}"
    values = dict(tlvs)
    if CRC32C in values:
        # The checksum is taken over the whole header with its own four bytes as zero.
        assert raw.count(values[CRC32C]) == 1, "ambiguous checksum: repeat the test"
        blank = raw.replace(values[CRC32C], b"\0\0\0\0")
        assert int.from_bytes(values[CRC32C], "big") == crc32c(blank), "CRC32C"
    return Header(
        raw=raw,
        is_local=is_local,
        source=source,
        destination=destination,
        kinds=kinds,
        values=values,
    )


def _tlvs(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("!BH", data, at)
        at += 3
        assert at + length <= len(data), f"TLV 0x{kind:02x} runs past the end"
        found.append((kind, data[at : at + length]))
        at += length
    return found


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), RFC 3720 appendix B.4, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def make_header(
    source: tuple[str, int], destination: tuple[str, int], *, tls: bool = False
) -> bytes:
    """A v2 PROXY header over IPv4 as the edge would send it, with an SSL TLV or without."""
    addresses = b"".join(ipaddress.ip_address(host).packed for host, _ in (source, destination))
    body = addresses + struct.pack("!HH", source[1], destination[1])
    if tls:
        inner = struct.pack("!BI", 1, 1) + _tlv(SSL_VERSION, b"TLSv1.3")
        body += _tlv(SSL, inner + _tlv(SSL_CIPHER, b"TLS_AES_256_GCM_SHA384"))
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(body)) + body


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value
