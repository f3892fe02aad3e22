"""TLS sessions as `openssl s_client -sess_out` keeps them, and what a liar makes of them.

The file is one DER SEQUENCE in PEM: OpenSSL's SSL_SESSION_ASN1 (ssl/ssl_asn1.c).
"""

import base64
import re
from pathlib import Path

from tests.support.tools import run

_BEGIN = "-----BEGIN SSL SESSION PARAMETERS-----\n"
_END = "-----END SSL SESSION PARAMETERS-----\n"
# [15] EXPLICIT INTEGER: max_early_data, here 16384. Absent means none.
_MAX_EARLY_DATA = bytes.fromhex("af0402024000")
_FIRST_TAG_BEHIND = 0xA0 | 16


def with_damaged_ticket(kept: Path, place: int) -> str:
    """The file with one bit of its ticket turned over, `place` bytes from the ticket's start."""
    listing = run("openssl", "sess_id", "-in", str(kept), "-noout", "-text").text
    rows = re.findall(r"^\s+[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]?){1,16})", listing, re.MULTILINE)
    ticket = bytearray.fromhex("".join(rows).replace("-", " "))
    der = _der(kept)
    damaged = bytearray(ticket)
    damaged[place] ^= 1
    assert der.count(ticket) == 1
    return _pem(der.replace(ticket, damaged))


def with_early_data(kept: Path) -> str:
    """The file as if the server had promised to take early data."""
    der = _der(kept)
    body = der[_header_bytes(der) :]
    at = 0
    while at < len(body) and body[at] < _FIRST_TAG_BEHIND:
        element = body[at:]
        at += _header_bytes(element) + _length(element)
    body = body[:at] + _MAX_EARLY_DATA + body[at:]
    assert 256 <= len(body) < 65536
    return _pem(b"\x30\x82" + len(body).to_bytes(2, "big") + body)


def _header_bytes(der: bytes) -> int:
    return 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)


def _length(der: bytes) -> int:
    return int.from_bytes(der[2 : _header_bytes(der)], "big") if der[1] & 0x80 else der[1]


def _der(kept: Path) -> bytes:
    text = kept.read_text()
    return base64.b64decode(text[text.index(_BEGIN) + len(_BEGIN) : text.index(_END)])


def _pem(der: bytes) -> str:
    return _BEGIN + base64.encodebytes(der).decode() + _END
