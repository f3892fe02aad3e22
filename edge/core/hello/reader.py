"""Bytes as they arrive -> the first handshake message, which must be a ClientHello.

A TLS record need not hold a whole message and a segment need not hold a whole record; peers that
read only the first record chose a weaker policy for a fragmented hello (CVE-2026-32305).
"""

import struct
from typing import Final

from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome

HELLO_LIMIT_BYTES: Final = 64 * 1024
"""The hello must be complete within so many bytes from the client, record headers included;
a listener may ask for less."""

_HANDSHAKE_RECORD: Final = 22
_CLIENT_HELLO: Final = 1
_VERSION_MAJOR: Final = 3
_RECORD_LIMIT_BYTES: Final = 2**14
_RECORD_HEADER_BYTES: Final = 5
_MESSAGE_HEADER_BYTES: Final = 4
_HEADERS_BYTES: Final = _RECORD_HEADER_BYTES + _MESSAGE_HEADER_BYTES

# Both headers, by twos: type and major version of the record, its length; type of the message and
# the highest of the three bytes of its length, the other two.
_HEADERS: Final = struct.Struct(">HxHHH").unpack_from
_RECORD_BEGINS: Final = _HANDSHAKE_RECORD << 8 | _VERSION_MAJOR
_MESSAGE_BEGINS: Final = _CLIENT_HELLO << 8


def whole_hello(data: bytes, *, limit_bytes: int = HELLO_LIMIT_BYTES) -> bytes | None:
    """The hello of nearly every client, all of it in one record and in the first bytes read.

    The body of the message; None: these bytes are for a `HelloReader`.
    """
    if len(data) < _HEADERS_BYTES:
        return None
    record_begins, record_size, message_begins, size = _HEADERS(data)
    end = _HEADERS_BYTES + size
    if (
        record_begins == _RECORD_BEGINS
        and message_begins == _MESSAGE_BEGINS
        and end - _RECORD_HEADER_BYTES <= record_size <= _RECORD_LIMIT_BYTES
        and end <= len(data)
        and end <= limit_bytes
    ):
        return data[_HEADERS_BYTES:end]
    return None


class HelloReader:
    """Reassembles one ClientHello over segments and records (RFC 8446 section 5.1).

    The caller keeps the raw bytes for OpenSSL. A reader is of no further use once it has returned
    the body of the message, without its header, or raised.
    """

    __slots__ = ("_consumed", "_limit_bytes", "_message", "_record_header", "_record_left")

    def __init__(self, *, limit_bytes: int = HELLO_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._consumed = 0
        self._record_header = bytearray()
        self._record_left = 0
        self._message = bytearray()

    def feed(self, data: bytes | memoryview) -> bytes | NeedMore:
        """Take the next bytes; what follows the hello in them is ignored.

        Raises ProtocolError: WRONG_PROTOCOL when the first byte is not that of a handshake record,
        HELLO_TOO_LARGE past `limit_bytes`, else HELLO_INVALID.
        """
        room = self._limit_bytes - self._consumed
        body = self._reassemble(data[:room])
        if body is NEED_MORE and len(data) > room:
            raise ProtocolError(Outcome.HELLO_TOO_LARGE, "too many bytes without a whole hello")
        return body

    def _reassemble(self, data: bytes | memoryview) -> bytes | NeedMore:
        at = 0
        while at < len(data):
            if self._record_left:
                part = data[at : at + self._record_left]
                self._record_left -= len(part)
                self._message += part
                if (end := self._message_end()) and len(self._message) >= end:
                    return bytes(self._message[_MESSAGE_HEADER_BYTES:end])
            else:
                part = data[at : at + _RECORD_HEADER_BYTES - len(self._record_header)]
                self._record_header += part
                self._check_record_header()
            at += len(part)
            self._consumed += len(part)
        return NEED_MORE

    def _check_record_header(self) -> None:
        """Judge what is there of the header in the order of its bytes; open the record if whole."""
        header = self._record_header
        if header[0] != _HANDSHAKE_RECORD:
            if self._message:
                raise _invalid("another record type inside the hello")
            raise ProtocolError(Outcome.WRONG_PROTOCOL, "not a TLS handshake record")
        if len(header) > 1 and header[1] != _VERSION_MAJOR:
            raise _invalid("unknown record version")
        if len(header) < _RECORD_HEADER_BYTES:
            return
        size = int.from_bytes(header[3:], "big")
        # RFC 8446 section 5.1: "MUST NOT send zero-length fragments of Handshake types".
        if not 0 < size <= _RECORD_LIMIT_BYTES:
            raise _invalid("empty or oversize record")
        self._record_left = size
        header.clear()

    def _message_end(self) -> int:
        """Length of the whole message with its header; 0 while the header is not whole."""
        message = self._message
        if message[0] != _CLIENT_HELLO:
            raise _invalid("the first handshake message is not a ClientHello")
        if len(message) < _MESSAGE_HEADER_BYTES:
            return 0
        end = _MESSAGE_HEADER_BYTES + int.from_bytes(message[1:_MESSAGE_HEADER_BYTES], "big")
        if end + _RECORD_HEADER_BYTES > self._limit_bytes:
            raise ProtocolError(Outcome.HELLO_TOO_LARGE, "the hello announces too many bytes")
        return end


def _invalid(detail: str) -> ProtocolError:
    return ProtocolError(Outcome.HELLO_INVALID, detail)
