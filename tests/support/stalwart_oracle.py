"""What Stalwart would read from a PROXY v2 header: the rules of its parser, written again.

The parser is the crate proxy-header 0.1.2 with its default settings. It is lenient: it never
refuses a header because of its TLVs, it takes the first TLV of a type, skips one that does not
decode, and stops in silence at the first whose length runs over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
ADDRESS_BYTES = {0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216}


class InvalidHeaderError(Exception):
    """Stalwart drops the connection without a byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StalwartView:
    """`source` is None where Stalwart takes the edge itself for the client."""

    source: tuple[str, int] | None
    is_tls: bool
    version: str
    cipher: str
    rest: bytes


def read_as_stalwart(data: bytes) -> StalwartView | None:
    """The session's properties, or None while Stalwart waits for more bytes."""
    if not SIGNATURE.startswith(data[:12]):
        raise InvalidHeaderError("signature")
    if len(data) < 16:
        return None
    command, family = data[12], data[13]
    end = 16 + int.from_bytes(data[14:16], "big")
    if command not in {0x20, 0x21} or family not in ADDRESS_BYTES:
        raise InvalidHeaderError("command or family")
    if len(data) < end:
        return None
    tlvs_start = 16 + ADDRESS_BYTES[family]
    if tlvs_start > end:
        raise InvalidHeaderError("addresses")
    ssl = next((value for kind, value in _tlvs(data[tlvs_start:end]) if _is_ssl(kind, value)), None)
    return StalwartView(
        source=_source(family, data[16:tlvs_start]) if command == 0x21 else None,
        is_tls=ssl is not None and bool(ssl[0] & 0x01),
        version=_text(ssl, 0x21),
        cipher=_text(ssl, 0x23),
        rest=data[end:],
    )


def _source(family: int, block: bytes) -> tuple[str, int] | None:
    if family in {0x11, 0x12}:
        return str(IPv4Address(block[:4])), int.from_bytes(block[8:10], "big")
    if family in {0x21, 0x22}:
        address = IPv6Address(block[:16])
        return str(address.ipv4_mapped or address), int.from_bytes(block[32:34], "big")
    return None


def _tlvs(block: bytes) -> Iterator[tuple[int, bytes]]:
    while len(block) >= 3:
        length = int.from_bytes(block[1:3], "big")
        if len(block) < 3 + length:
            return
        yield block[0], block[3 : 3 + length]
        block = block[3 + length :]


def _is_ssl(kind: int, value: bytes) -> bool:
    return kind == 0x20 and len(value) >= 5


def _text(ssl: bytes | None, wanted: int) -> str:
    for kind, value in _tlvs(ssl[5:]) if ssl is not None else ():
        if kind == wanted:
            try:
                return value.decode()
            except UnicodeDecodeError:
                continue
    return "unknown"
