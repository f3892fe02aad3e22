"""A decoded PROXY header, in words."""

from typing import Final

from edge.core.proxy.decode import Address, Decoded
from edge.core.proxy.tlv import (
    PP2_SUBTYPE_SSL_CIPHER,
    PP2_SUBTYPE_SSL_CN,
    PP2_SUBTYPE_SSL_GROUP,
    PP2_SUBTYPE_SSL_KEY_ALG,
    PP2_SUBTYPE_SSL_SIG_ALG,
    PP2_SUBTYPE_SSL_VERSION,
    PP2_TYPE_ALPN,
    PP2_TYPE_AUTHORITY,
    PP2_TYPE_CRC32C,
    PP2_TYPE_SSL,
    PP2_TYPE_UNIQUE_ID,
    first_tlv,
)
from edge.demo.terminal import printable

_NAMES: Final = {
    PP2_TYPE_ALPN: "ALPN",
    PP2_TYPE_AUTHORITY: "AUTHORITY",
    PP2_TYPE_CRC32C: "CRC32C",
    PP2_TYPE_UNIQUE_ID: "UNIQUE_ID",
    PP2_TYPE_SSL: "SSL",
    PP2_SUBTYPE_SSL_VERSION: "SSL_VERSION",
    PP2_SUBTYPE_SSL_CN: "SSL_CN",
    PP2_SUBTYPE_SSL_CIPHER: "SSL_CIPHER",
    PP2_SUBTYPE_SSL_SIG_ALG: "SSL_SIG_ALG",
    PP2_SUBTYPE_SSL_KEY_ALG: "SSL_KEY_ALG",
    PP2_SUBTYPE_SSL_GROUP: "SSL_GROUP",
}


def describe_tlvs(header: Decoded) -> tuple[tuple[str, str], ...]:
    """Name and value of each TLV in the order of the wire, those inside SSL behind it."""
    described: list[tuple[str, str]] = []
    for number, value in header.tlvs:
        if number == PP2_TYPE_SSL and header.ssl is not None:
            ssl = header.ssl
            described.append(("SSL", f"client=0x{ssl.client:02x} verify={ssl.verify}"))
            described += [_describe(*sub) for sub in ssl.sub_tlvs]
        else:
            described.append(_describe(number, value))
    return tuple(described)


def unique_id(header: Decoded) -> str | None:
    """The edge's id of the connection, None when the header has none."""
    value = first_tlv(header.tlvs, PP2_TYPE_UNIQUE_ID)
    return None if value is None else printable(value)


def host_and_port(address: Address | None) -> str:
    """`192.0.2.1:25`, `[2001:db8::1]:25`, or `-`."""
    if address is None:
        return "-"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _describe(number: int, value: bytes) -> tuple[str, str]:
    name = _NAMES.get(number)
    if name is None:
        return f"0x{number:02x}", value.hex()
    return name, value.hex() if name == "CRC32C" else printable(value)
