"""The body of a ClientHello message -> `ClientHello`.

On the path of every connection: the loops run in C (`struct`, sets, dicts) except one turn per
extension and one per ALPN name, and all of it is linear in the length of the message.
"""

import re
import struct
from typing import Final

from edge.core.hello.clienthello import (
    ALPN,
    SERVER_NAME,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    ClientHello,
)
from edge.core.hello.registry import GREASE
from edge.errors import ProtocolError
from edge.outcome import Outcome

_U16: Final = struct.Struct(">H").unpack_from
_TWO_U16: Final = struct.Struct(">HH").unpack_from
_ONE_NAME: Final = struct.Struct(">HBH").unpack_from

_SESSION_ID_AT: Final = 34
"""Behind legacy_version (2 bytes) and random (32)."""
_SESSION_ID_LIMIT_BYTES: Final = 32
_HOST_NAME: Final = 0
_HOST_NAME_LIMIT_BYTES: Final = 255
# RFC 6066 section 3 allows no trailing dot. Underscores are against RFC 1123, and in use.
_IS_DNS_NAME: Final = re.compile(rb"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*").fullmatch


def parse_client_hello(body: bytes) -> ClientHello:
    """Parse the body of one ClientHello handshake message, without its 4-byte header.

    Unknown extensions are named, not read. Raises ProtocolError(HELLO_INVALID) when a length does
    not fit, a list that must not be empty is, or an extension comes twice.
    """
    try:
        return _parse(body)
    except (IndexError, struct.error):
        raise _invalid("a length points past the end") from None


def _parse(body: bytes) -> ClientHello:
    session_id_size = body[_SESSION_ID_AT]
    if session_id_size > _SESSION_ID_LIMIT_BYTES:
        raise _invalid("session id too long")
    at = _SESSION_ID_AT + 1 + session_id_size
    ciphers_end = at + 2 + _U16(body, at)[0]
    ciphers = _u16_list(body[at:ciphers_end])
    compression_size = body[ciphers_end]
    if not compression_size:
        raise _invalid("no compression method")
    extensions = _extensions(body, ciphers_end + 1 + compression_size)
    names = extensions.get(SERVER_NAME)
    host = None if names is None else _host_name(names)
    sni = None if host is None else _plausible(host)
    versions = extensions.get(SUPPORTED_VERSIONS)
    groups = extensions.get(SUPPORTED_GROUPS)
    schemes = extensions.get(SIGNATURE_ALGORITHMS)
    protocols = extensions.get(ALPN)
    return ClientHello(
        legacy_version=_U16(body)[0],
        versions=() if versions is None else _u16_list(versions, "B"),
        ciphers=ciphers,
        extensions=_without_grease(tuple(extensions)),
        groups=() if groups is None else _u16_list(groups),
        signature_algorithms=() if schemes is None else _u16_list(schemes),
        sni=sni,
        sni_invalid=host is not None and sni is None,
        alpn=() if protocols is None else _protocol_names(protocols),
    )


def _extensions(body: bytes, at: int) -> dict[int, bytes]:
    """The extensions in the client's order. RFC 5246 lets the whole block be absent."""
    end = len(body)
    found: dict[int, bytes] = {}
    if at == end:
        return found
    if at + 2 + _U16(body, at)[0] != end:
        raise _invalid("extensions do not fill the message")
    at += 2
    count = 0
    while at < end:
        kind, size = _TWO_U16(body, at)
        at += 4
        found[kind] = body[at : at + size]
        at += size
        count += 1
    if at != end:
        raise _invalid("an extension is longer than the message")
    if count != len(found):
        raise _invalid("an extension comes twice")
    return found


def _u16_list(vector: bytes, prefix: str = "H") -> tuple[int, ...]:
    """16-bit numbers, at least one, behind their length in bytes, of which `prefix` is the format.

    One unpack reads both: the format's size is odd or even as the vector must be.
    """
    count = (len(vector) - 1) >> 1
    values = struct.unpack(f">{prefix}{count}H", vector)
    if not count or values[0] != count << 1:
        raise _invalid("a list of numbers has a wrong length")
    return _without_grease(values[1:])


def _without_grease(values: tuple[int, ...]) -> tuple[int, ...]:
    if GREASE.isdisjoint(values):
        return values
    return tuple(value for value in values if value not in GREASE)


def _host_name(names: bytes) -> bytes:
    """The one entry of the list. RFC 6066 section 3 allows one per type, and has only one type."""
    size, kind, name_size = _ONE_NAME(names)
    if kind != _HOST_NAME or size != len(names) - 2 or name_size != len(names) - 5:
        raise _invalid("server_name is not one host name")
    return names[5:]


def _plausible(host: bytes) -> str | None:
    if len(host) > _HOST_NAME_LIMIT_BYTES or not _IS_DNS_NAME(host):
        return None
    return host.lower().decode("ascii")


def _protocol_names(protocols: bytes) -> tuple[bytes, ...]:
    """RFC 7301 section 3.1: at least one name, none of them empty."""
    end = len(protocols)
    if end < 4 or _U16(protocols)[0] != end - 2:
        raise _invalid("the list of application protocols has a wrong length")
    names = []
    at = 2
    while at < end:
        size = protocols[at]
        if not size:
            raise _invalid("an application protocol without a name")
        at += 1
        names.append(protocols[at : at + size])
        at += size
    if at != end:
        raise _invalid("an application protocol is longer than its list")
    return tuple(names)


def _invalid(detail: str) -> ProtocolError:
    return ProtocolError(Outcome.HELLO_INVALID, detail)
