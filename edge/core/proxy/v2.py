"""PROXY protocol version 2: the header that goes in front of a relayed connection, in one write.

Wire order: addresses, SSL, ALPN, AUTHORITY, UNIQUE_ID, CRC32C. SSL comes first, because readers
stop at the first TLV that they cannot follow.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

import google_crc32c

from edge.core.proxy.addresses import pack_host, pack_v4, same_family
from edge.core.proxy.ssl_tlv import (
    MAX_REQUIRED_SSL_BYTES,
    encode_optional,
    encode_required,
    encode_ssl,
    wrap_ssl,
)
from edge.core.proxy.ssl_tlv import TlsInfo as TlsInfo
from edge.core.proxy.tlv import (
    MAX_UNIQUE_ID_BYTES,
    PP2_SUBTYPE_SSL_CN,
    PP2_SUBTYPE_SSL_GROUP,
    PP2_SUBTYPE_SSL_KEY_ALG,
    PP2_SUBTYPE_SSL_SIG_ALG,
    PP2_TYPE_ALPN,
    PP2_TYPE_AUTHORITY,
    PP2_TYPE_CRC32C,
    PP2_TYPE_UNIQUE_ID,
    Tlv,
    encode_tlv,
    is_clean_name,
    is_dns_name,
)
from edge.core.proxy.wire import (
    ADDRESSES_V4,
    ADDRESSES_V6,
    LOCAL,
    MAX_HEADER_BYTES,
    PREFIX,
    PROXY,
    SIGNATURE,
    TCP4,
    TCP6,
    TLV_HEAD,
    UNSPEC,
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_NO_CRC: Final = encode_tlv(PP2_TYPE_CRC32C, bytes(4))
_MIN_LIMIT_BYTES: Final = PREFIX.size + ADDRESSES_V6.size + MAX_REQUIRED_SSL_BYTES + len(_NO_CRC)
_CACHE_ENTRIES: Final = 256

# When not all fits, the most important first, each while there is room. Version, cipher and
# checksum always fit. Then: who the client is (a backend may log in by the CN); which connection
# it is in our log; and what only informs. The operator knows his own certificate: it comes last.
_BY_IMPORTANCE: Final = (
    PP2_SUBTYPE_SSL_CN,
    PP2_TYPE_UNIQUE_ID,
    PP2_SUBTYPE_SSL_GROUP,
    PP2_TYPE_AUTHORITY,
    PP2_TYPE_ALPN,
    PP2_SUBTYPE_SSL_SIG_ALG,
    PP2_SUBTYPE_SSL_KEY_ALG,
)


def encode_local() -> bytes:
    """The 16 bytes that open a connection of the edge's own, such as a probe: LOCAL, no addresses.

    Family and length are zero: some readers look for addresses behind any other family.
    """
    return PREFIX.pack(SIGNATURE, LOCAL, UNSPEC, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repeating:
    """What many headers have in common."""

    tls: TlsInfo | None
    """Kept for its identity, by which this is found again."""
    alpn: bytes
    authority: bytes
    all: bytes
    """SSL, ALPN and AUTHORITY, as they follow each other on the wire."""


class HeaderEncoder:
    """Writes the headers for one backend; small caches keep what repeats between connections."""

    __slots__ = (
        "_destinations",
        "_limit_bytes",
        "_sends_alpn",
        "_sends_authority",
        "_sends_crc32c",
        "_sends_ssl",
        "_sends_unique_id",
        "_tlvs",
    )

    def __init__(self, *, tlvs: Iterable[Tlv], limit_bytes: int = 232) -> None:
        """`limit_bytes`: the longest header, from 201 to 536; Exim takes no more than 232.

        Raises ValueError for a limit that version, cipher and checksum might not fit into.
        """
        if not _MIN_LIMIT_BYTES <= limit_bytes <= MAX_HEADER_BYTES:
            raise ValueError("limit_bytes is a number from 201 to 536")
        chosen = frozenset(tlvs)
        self._limit_bytes = limit_bytes
        self._sends_ssl = Tlv.SSL in chosen
        self._sends_alpn = Tlv.ALPN in chosen
        self._sends_authority = Tlv.AUTHORITY in chosen
        self._sends_unique_id = Tlv.UNIQUE_ID in chosen
        self._sends_crc32c = Tlv.CRC32C in chosen
        # By identity: sessions that are alike share their `TlsInfo`, and to hash one is slow.
        self._tlvs: dict[tuple[int, bytes | None, str | None], _Repeating] = {}
        self._destinations: dict[str, bytes] = {}

    def encode(
        self,
        *,
        source: tuple[str, int],
        destination: tuple[str, int],
        tls: TlsInfo | None,
        authority: str | None,
        alpn: bytes | None,
        unique_id: bytes | None,
    ) -> bytes:
        """The whole header for one client: addresses as (host, port), always as IPv4 or IPv6.

        `tls` is None exactly when the client's bytes come in the clear. A text that is not clean
        is left out. Raises ValueError for what only a defect of the caller's can be: no IP
        address, no port, or a `unique_id` over 128 bytes. Source: the specification, section 2.2.
        """
        if not self._sends_ssl:
            tls = None
        key = (id(tls), alpn, authority)
        repeating = self._tlvs.get(key)
        if repeating is None:
            repeating = _remember(self._tlvs, key, self._repeating(tls, alpn, authority))
        tlvs = repeating.all
        if unique_id and self._sends_unique_id:
            if len(unique_id) > MAX_UNIQUE_ID_BYTES:
                raise ValueError("a UNIQUE_ID has at most 128 bytes")
            tlvs += TLV_HEAD.pack(PP2_TYPE_UNIQUE_ID, len(unique_id)) + unique_id
        crc_tlv = _NO_CRC if self._sends_crc32c else b""
        addresses = self._addresses(source, destination)
        size = len(addresses) + len(tlvs) + len(crc_tlv)
        if size > self._limit_bytes - PREFIX.size:
            room_bytes = self._limit_bytes - PREFIX.size - len(addresses) - len(crc_tlv)
            tlvs = _most_important(repeating, tlvs.removeprefix(repeating.all), room_bytes)
            size = len(addresses) + len(tlvs) + len(crc_tlv)
        family = TCP4 if len(addresses) == ADDRESSES_V4.size else TCP6
        header = PREFIX.pack(SIGNATURE, PROXY, family, size) + addresses + tlvs + crc_tlv
        if not crc_tlv:
            return header
        checksum: int = google_crc32c.value(header)
        return header[:-4] + checksum.to_bytes(4, "big")

    def _addresses(self, source: tuple[str, int], destination: tuple[str, int]) -> bytes:
        host, port = destination
        packed_host = self._destinations.get(host)
        if packed_host is None:
            packed_host = _remember(self._destinations, host, pack_host(host))
        packed_source = pack_v4(source[0]) or pack_host(source[0])
        layout = ADDRESSES_V4
        if len(packed_source) != 4 or len(packed_host) != 4:
            packed_source, packed_host = same_family(packed_source, packed_host)
            layout = ADDRESSES_V4 if len(packed_source) == 4 else ADDRESSES_V6
        try:
            return layout.pack(packed_source, packed_host, source[1], port)
        except struct.error:
            raise ValueError("a port is a number from 0 to 65535") from None

    def _repeating(
        self, tls: TlsInfo | None, alpn: bytes | None, authority: str | None
    ) -> _Repeating:
        ssl_tlv = encode_ssl(tls) if tls is not None else b""
        alpn_tlv = authority_tlv = b""
        if alpn and self._sends_alpn and is_clean_name(alpn.decode("latin-1")):
            alpn_tlv = encode_tlv(PP2_TYPE_ALPN, alpn)
        if authority and self._sends_authority and is_dns_name(authority):
            authority_tlv = encode_tlv(PP2_TYPE_AUTHORITY, authority.encode("ascii"))
        return _Repeating(
            tls=tls,
            alpn=alpn_tlv,
            authority=authority_tlv,
            all=ssl_tlv + alpn_tlv + authority_tlv,
        )


def _remember(cache: dict[_Key, _Value], key: _Key, value: _Value) -> _Value:
    if len(cache) >= _CACHE_ENTRIES:
        cache.clear()
    cache[key] = value
    return value


def _most_important(repeating: _Repeating, unique_id_tlv: bytes, room_bytes: int) -> bytes:
    """All TLVs but CRC32C, in wire order, as far as `_BY_IMPORTANCE` lets them in."""
    tls = repeating.tls
    outer = {
        PP2_TYPE_ALPN: repeating.alpn,
        PP2_TYPE_AUTHORITY: repeating.authority,
        PP2_TYPE_UNIQUE_ID: unique_id_tlv,
    }
    inner = encode_optional(tls) if tls is not None else {}
    required = encode_required(tls) if tls is not None else b""
    kept = inner | outer
    room_bytes -= len(wrap_ssl(tls, required)) if tls is not None else 0
    for tlv_type in _BY_IMPORTANCE:
        if tlv_type in kept and len(kept[tlv_type]) <= room_bytes:
            room_bytes -= len(kept[tlv_type])
        else:
            kept[tlv_type] = b""
    sub_tlvs = required + b"".join(kept[tlv_type] for tlv_type in inner)
    ssl_tlv = wrap_ssl(tls, sub_tlvs) if tls is not None else b""
    return ssl_tlv + b"".join(kept[tlv_type] for tlv_type in outer)
