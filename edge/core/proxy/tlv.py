"""The TLVs of PROXY v2: their numbers, the operator's choice of them, and which texts may be sent.

Numbers and names are those of the specification, section 2.2.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from edge.core.proxy.wire import TLV_HEAD

PP2_TYPE_ALPN: Final = 0x01
PP2_TYPE_AUTHORITY: Final = 0x02
PP2_TYPE_CRC32C: Final = 0x03
PP2_TYPE_UNIQUE_ID: Final = 0x05
PP2_TYPE_SSL: Final = 0x20
PP2_SUBTYPE_SSL_VERSION: Final = 0x21
PP2_SUBTYPE_SSL_CN: Final = 0x22
PP2_SUBTYPE_SSL_CIPHER: Final = 0x23
PP2_SUBTYPE_SSL_SIG_ALG: Final = 0x24
PP2_SUBTYPE_SSL_KEY_ALG: Final = 0x25
PP2_SUBTYPE_SSL_GROUP: Final = 0x26

PP2_CLIENT_SSL: Final = 0x01
PP2_CLIENT_CERT_CONN: Final = 0x02
PP2_CLIENT_CERT_SESS: Final = 0x04

MAX_UNIQUE_ID_BYTES: Final = 128
MAX_NAME_BYTES: Final = 64
"""Our bound for every text about TLS; the longest OpenSSL cipher name has 31."""

_DNS_NAME = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"(?![0-9]+\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_CLEAN_NAME = re.compile(r"[A-Za-z0-9._/+-]{1,64}")


class Tlv(StrEnum):
    """What the operator may ask for in `tlvs` of a backend."""

    SSL = "ssl"
    AUTHORITY = "authority"
    ALPN = "alpn"
    UNIQUE_ID = "unique-id"
    CRC32C = "crc32c"


def encode_tlv(tlv_type: int, value: bytes) -> bytes:
    """One TLV on the wire: type, length, value. `value` is at most 65,535 bytes."""
    return TLV_HEAD.pack(tlv_type, len(value)) + value


def first_tlv(tlvs: Iterable[tuple[int, bytes]], tlv_type: int) -> bytes | None:
    """The value of the first TLV of this type, as every reader takes it; None without one."""
    return next((value for found, value in tlvs if found == tlv_type), None)


def is_dns_name(name: str) -> bool:
    """Whether a name may be sent as AUTHORITY: LDH labels (RFC 1123 §2.1), no IP, no final dot.

    Stricter than the specification's "UTF-8 host": Dovecot 2.4 refuses the connection otherwise.
    """
    return len(name) <= 253 and _DNS_NAME.fullmatch(name) is not None


def is_clean_name(name: str) -> bool:
    """Whether a text about TLS may be sent: like `TLSv1.3`, `http/1.1`; at most 64 bytes.

    An allow-list, because Stalwart pastes version and cipher into the Received field verbatim.
    """
    return _CLEAN_NAME.fullmatch(name) is not None
