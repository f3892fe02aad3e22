"""The strict reader of PROXY headers, versions 1 and 2: for peers that were told to send one.

It never guesses whether there is a header (the specification, section 2): bytes that do not begin
one are an error. What other readers skip in silence (a TLV that runs past the end, a second SSL
TLV) is an error too, since two readers would see different clients.
"""

import re
from dataclasses import dataclass
from struct import Struct
from typing import Final, Literal

import google_crc32c

from edge.core.proxy.addresses import pack_v4, pack_v6, unpack_host
from edge.core.proxy.tlv import (
    MAX_UNIQUE_ID_BYTES,
    PP2_TYPE_AUTHORITY,
    PP2_TYPE_CRC32C,
    PP2_TYPE_SSL,
    PP2_TYPE_UNIQUE_ID,
    is_dns_name,
)
from edge.core.proxy.wire import (
    ADDRESSES_UNIX,
    ADDRESSES_V4,
    ADDRESSES_V6,
    CLIENT_AND_VERIFY,
    LOCAL,
    MAX_HEADER_BYTES,
    PREFIX,
    PROXY,
    SIGNATURE,
    TCP4,
    TCP6,
    TLV_HEAD,
    UNIX_STREAM,
    UNSPEC,
)
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome

Address = tuple[str, int]
Tlvs = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSsl:
    """The SSL TLV: PP2_CLIENT_* bits, verification result (0 is good), sub-TLVs in order."""

    client: int
    verify: int
    sub_tlvs: Tlvs


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One whole header. Addresses are None where the connection's own are the ones to use.

    `tlvs` keeps the order and the duplicates of those outside SSL; `consumed` is the length of
    the header in bytes, and what follows it belongs to the application protocol.
    """

    version: Literal[1, 2]
    command: Literal["proxy", "local"]
    source: Address | None
    destination: Address | None
    tlvs: Tlvs
    ssl: DecodedSsl | None
    consumed: int


_V1_BEGINNING: Final = b"PROXY "
_V1_MAX_BYTES: Final = 107
_V1_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")
_V1_TCP = re.compile(
    rb"PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+)"
    rb" (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})\r\n"
)

# The datagram families are not here: no datagram arrives on a stream.
_ADDRESSES: Final = {
    UNSPEC: Struct(""),
    TCP4: ADDRESSES_V4,
    TCP6: ADDRESSES_V6,
    UNIX_STREAM: ADDRESSES_UNIX,
}
_SINGLE_TYPES: Final = (PP2_TYPE_CRC32C, PP2_TYPE_SSL, PP2_TYPE_AUTHORITY)


def decode(data: bytes, *, limit_bytes: int = MAX_HEADER_BYTES) -> Decoded | NeedMore:
    """The header at the beginning of `data`, of at most `limit_bytes` (536 at the most).

    LOCAL is honoured whatever its family says, and its TLVs are discarded with it.
    Raises ProtocolError. Source: the specification, sections 2.1 and 2.2.
    """
    limit_bytes = min(limit_bytes, MAX_HEADER_BYTES)
    if data.startswith(_V1_BEGINNING):
        return _decode_v1(data, min(limit_bytes, _V1_MAX_BYTES))
    if data.startswith(SIGNATURE):
        return _decode_v2(data, limit_bytes)
    if _V1_BEGINNING.startswith(data) or SIGNATURE.startswith(data):
        return NEED_MORE
    raise _error("no PROXY header where one is required")


def _decode_v1(data: bytes, limit_bytes: int) -> Decoded | NeedMore:
    end = data.find(b"\r\n", 0, limit_bytes) + 2
    if end < 2:
        if len(data) >= limit_bytes:
            raise _error("the version 1 line is too long")
        return NEED_MORE
    source = destination = None
    line = data[:end]
    if _V1_UNKNOWN.fullmatch(line) is None:
        match = _V1_TCP.fullmatch(line)
        if match is None:
            raise _error("malformed version 1 line")
        family, source_host, destination_host, source_port, destination_port = match.groups()
        source = _v1_address(family, source_host, source_port)
        destination = _v1_address(family, destination_host, destination_port)
    return Decoded(
        version=1,
        command="proxy",
        source=source,
        destination=destination,
        tlvs=(),
        ssl=None,
        consumed=end,
    )


def _v1_address(family: bytes, host: bytes, port: bytes) -> Address:
    text = host.decode("ascii")
    try:
        packed = pack_v4(text) if family == b"4" else pack_v6(text)
    except ValueError:
        packed = None
    if packed is None or int(port) > 0xFFFF:
        raise _error("malformed address in a version 1 line")
    return unpack_host(packed), int(port)


def _decode_v2(data: bytes, limit_bytes: int) -> Decoded | NeedMore:
    if len(data) < PREFIX.size:
        return NEED_MORE
    _, command, family, length = PREFIX.unpack_from(data)
    end = PREFIX.size + length
    if command not in {LOCAL, PROXY}:
        raise _error("unknown version or command")
    if command == PROXY and family not in _ADDRESSES:
        raise _error("unknown address family")
    if end > limit_bytes:
        raise _error("the header is too long")
    if len(data) < end:
        return NEED_MORE
    source = destination = ssl = None
    tlvs: Tlvs = ()
    if command == PROXY:
        addresses = _ADDRESSES[family]
        tlvs_start = PREFIX.size + addresses.size
        if tlvs_start > end:
            raise _error("the address block is too short")
        if family in {TCP4, TCP6}:
            source_host, destination_host, *ports = addresses.unpack_from(data, PREFIX.size)
            source = unpack_host(source_host), ports[0]
            destination = unpack_host(destination_host), ports[1]
        tlvs = _split_tlvs(data[tlvs_start:end])
        ssl = _check_tlvs(tlvs, data[:end], tlvs_start)
    return Decoded(
        version=2,
        command="proxy" if command == PROXY else "local",
        source=source,
        destination=destination,
        tlvs=tlvs,
        ssl=ssl,
        consumed=end,
    )


def _split_tlvs(block: bytes) -> Tlvs:
    tlvs: list[tuple[int, bytes]] = []
    at = 0
    while at < len(block):
        if len(block) - at < TLV_HEAD.size:
            raise _error("a TLV is cut off")
        tlv_type, length = TLV_HEAD.unpack_from(block, at)
        at += TLV_HEAD.size + length
        if at > len(block):
            raise _error("a TLV runs past the end of what holds it")
        tlvs.append((tlv_type, block[at - length : at]))
    return tuple(tlvs)


def _check_tlvs(tlvs: Tlvs, header: bytes, start: int) -> DecodedSsl | None:
    """The rules for each type; `start` is where the TLVs begin in the header."""
    types = [tlv_type for tlv_type, _ in tlvs]
    if any(types.count(tlv_type) > 1 for tlv_type in _SINGLE_TYPES):
        raise _error("two TLVs for what there is only one of")
    ssl = None
    for tlv_type, value in tlvs:
        start += TLV_HEAD.size
        if tlv_type == PP2_TYPE_SSL:
            ssl = _decode_ssl(value)
        elif tlv_type == PP2_TYPE_CRC32C:
            _check_crc32c(value, header, start)
        elif tlv_type == PP2_TYPE_AUTHORITY and not is_dns_name(value.decode("latin-1")):
            raise _error("AUTHORITY is not a DNS name")
        elif tlv_type == PP2_TYPE_UNIQUE_ID and len(value) > MAX_UNIQUE_ID_BYTES:
            raise _error("UNIQUE_ID is longer than 128 bytes")
        start += len(value)
    return ssl


def _decode_ssl(value: bytes) -> DecodedSsl:
    if len(value) < CLIENT_AND_VERIFY.size:
        raise _error("the SSL TLV is shorter than its fixed part")
    client, verify = CLIENT_AND_VERIFY.unpack_from(value)
    sub_tlvs = _split_tlvs(value[CLIENT_AND_VERIFY.size :])
    return DecodedSsl(client=client, verify=verify, sub_tlvs=sub_tlvs)


def _check_crc32c(value: bytes, header: bytes, at: int) -> None:
    if len(value) != 4:
        raise _error("the CRC32C TLV does not hold four bytes")
    if google_crc32c.value(header[:at] + bytes(4) + header[at + 4 :]) != int.from_bytes(
        value, "big"
    ):
        raise _error("the header's CRC32C is wrong")


def _error(detail: str) -> ProtocolError:
    return ProtocolError(Outcome.WRONG_PROTOCOL, detail)
