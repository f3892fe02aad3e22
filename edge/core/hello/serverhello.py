"""Our own first flight -> the key-exchange group that OpenSSL chose, which `ssl` does not tell.

The flight is the edge's own output, so nothing here is a decision about a peer: what cannot be read
is unknown, not an error.
"""

import struct
from typing import Final

_HANDSHAKE_RECORD: Final = 22
_SERVER_HELLO: Final = 2
_SERVER_KEY_EXCHANGE: Final = 12
_KEY_SHARE: Final = 0x0033
_NAMED_CURVE: Final = 3
_SESSION_ID_AT: Final = 34
_RECORD_HEADER_BYTES: Final = 5
_MESSAGE_HEADER_BYTES: Final = 4
_HEADERS_BYTES: Final = _RECORD_HEADER_BYTES + _MESSAGE_HEADER_BYTES

_U16: Final = struct.Struct(">H").unpack_from
_TWO_U16: Final = struct.Struct(">HH").unpack_from
_TLS_1_3_THEN_KEY_SHARE: Final = bytes.fromhex("002b 0002 0304 0033")
"""The extension supported_versions, whole, and the type of the next one."""

_FIRST_HEADERS: Final = struct.Struct(">xxxHBBH").unpack_from
_RECORD_HEADER: Final = struct.Struct(">BxxH").unpack_from
_MESSAGE_HEADER: Final = struct.Struct(">BBH").unpack_from


def negotiated_group(flight: bytes) -> int | None:
    """Return the named group of a server's first flight of records, or of its HelloRetryRequest.

    TLS 1.3: key_share of the ServerHello. TLS 1.2: named curve of the ServerKeyExchange (RFC 8422
    section 5.4). None when the session was resumed without a key exchange, when the exchange is
    RSA or finite-field DHE of TLS 1.2, and when the flight cannot be read. Never raises.
    """
    try:
        return _key_share_of_first_record(flight) or _group(_handshake(flight))
    except (IndexError, struct.error):
        return None


def _key_share_of_first_record(flight: bytes) -> int | None:
    """Nearly every handshake: TLS 1.3, whose ServerHello is a record of its own."""
    at = _SESSION_ID_AT + _HEADERS_BYTES
    at += 6 + flight[at]
    if flight[at : at + len(_TLS_1_3_THEN_KEY_SHARE)] == _TLS_1_3_THEN_KEY_SHARE:
        # As OpenSSL writes it; the length of the share and then the group.
        group: int = _U16(flight, at + len(_TLS_1_3_THEN_KEY_SHARE) + 2)[0]
        return group if flight[5] == _SERVER_HELLO else None
    record_size, kind, high, low = _FIRST_HEADERS(flight)
    if kind != _SERVER_HELLO or high or low + _MESSAGE_HEADER_BYTES > record_size:
        return None
    return _key_share(flight[_HEADERS_BYTES : _HEADERS_BYTES + low])


def _handshake(flight: bytes) -> bytes:
    """The handshake bytes up to the first record of another type: from there on it is encrypted."""
    parts = []
    at = 0
    end = len(flight)
    while at + _RECORD_HEADER_BYTES <= end:
        kind, size = _RECORD_HEADER(flight, at)
        if kind != _HANDSHAKE_RECORD:
            break
        at += _RECORD_HEADER_BYTES
        parts.append(flight[at : at + size])
        at += size
    return b"".join(parts)


def _group(messages: bytes) -> int | None:
    at = 0
    while at < len(messages):
        kind, high, low = _MESSAGE_HEADER(messages, at)
        at += 4
        end = at + (high << 16 | low)
        if kind == _SERVER_HELLO:
            group = _key_share(messages[at:end])
            if group is not None:
                return group
        elif kind == _SERVER_KEY_EXCHANGE:
            return _named_curve(messages[at:end])
        at = end
    return None


def _key_share(hello: bytes) -> int | None:
    # Behind the session id: cipher suite (2 bytes), compression (1), length of the extensions (2).
    at = _SESSION_ID_AT + 1 + hello[_SESSION_ID_AT] + 5
    while at < len(hello):
        kind, size = _TWO_U16(hello, at)
        at += 4
        if kind == _KEY_SHARE:
            # A HelloRetryRequest has the group alone here, a ServerHello a key behind it.
            group: int = _U16(hello, at)[0]
            return group
        at += size
    return None


def _named_curve(exchange: bytes) -> int | None:
    """Type (1 byte), curve (2), point (1 + n), signature: scheme (2) and 2 + n bytes, nothing more.

    Finite-field DHE has the same message type and starts with the length of p, which may look like
    the type of a named curve: 0x0300 for 6144 bits. So all the lengths must fit.
    """
    kind, group, point_size = struct.unpack_from(">BHB", exchange)
    signature_at = 4 + point_size
    _, signature_size = _TWO_U16(exchange, signature_at)
    if kind != _NAMED_CURVE or signature_at + 4 + signature_size != len(exchange):
        return None
    curve: int = group
    return curve
