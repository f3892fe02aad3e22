"""A server name is text of a stranger: what is no DNS name never gets into a record or a header."""

import pytest

from edge.core.hello.ja4 import ja4
from tests.edge.core.hello.handmade import body, message, record, sni
from tests.edge.core.hello.reading import hello_of

HOSTILE = {
    "empty": b"",
    "CRLF": b"a.example\r\nX-Admin: yes",
    "LF at the end": b"a.example\n",
    "quote": b'a.example","admin":"yes',
    "backslash": b"a\\u0022.example",
    "NUL": b"mail.example.org\x00.evil.example",
    "space": b"a.example b",
    "escape sequence": b"\x1b[2Ja.example",
    "delete": b"a\x7f.example",
    "Latin-1": b"b\xfccher.example",
    "UTF-8": "bücher.example".encode(),
    "not UTF-8": b"\xff\xfe",
    "path": b"../../etc/passwd",
    "slash": b"a/b.example",
    "percent": b"%s%n.example",
    "wildcard": b"*.example.org",
    "IPv6": b"2001:db8::1",
    "one dot": b".",
    "leading dot": b".example.org",
    "trailing dot": b"mail.example.org.",
    "empty label": b"mail..example.org",
    "label of 64 bytes": b"a" * 64 + b".example",
    "256 bytes": b".".join([b"a" * 63] * 3 + [b"b" * 62, b"c"]),
    "64 KiB": b"a." * 30000 + b"a",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_kept_out(name: bytes) -> None:
    payload = message(body(sni(name)))
    wire = b"".join(record(payload[at : at + 16000]) for at in range(0, len(payload), 16000))
    hello = hello_of(wire)
    assert hello.sni is None
    assert hello.sni_invalid
    assert ja4(hello)[3] == "d"
