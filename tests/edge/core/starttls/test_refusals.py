"""The exact refusals, one table: clients' logs and their administrators depend on them."""

import pytest

from edge.core.protocol import Protocol
from edge.core.starttls.refusals import Farewell, farewell

HTTP_503 = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BUSY = b"Service unavailable, try again later"
FULL = b"Too many connections, try again later"
DOWN = b"Shutting down, try again later"


@pytest.mark.parametrize(
    ("protocol", "kind", "expected"),
    [
        (Protocol.SMTP, Farewell.UNAVAILABLE, b"421 4.3.2 mx.example " + BUSY + b"\r\n"),
        (Protocol.SMTP, Farewell.TIMEOUT, b"421 4.4.2 mx.example Timeout\r\n"),
        (Protocol.SMTP, Farewell.SHUTDOWN, b"421 4.3.2 mx.example " + DOWN + b"\r\n"),
        (Protocol.SMTP, Farewell.LIMIT, b"421 4.7.0 mx.example " + FULL + b"\r\n"),
        (Protocol.IMAP, Farewell.UNAVAILABLE, b"* BYE [UNAVAILABLE] " + BUSY + b"\r\n"),
        (Protocol.IMAP, Farewell.TIMEOUT, b"* BYE Timeout\r\n"),
        (Protocol.IMAP, Farewell.SHUTDOWN, b"* BYE [UNAVAILABLE] " + DOWN + b"\r\n"),
        (Protocol.IMAP, Farewell.LIMIT, b"* BYE [UNAVAILABLE] " + FULL + b"\r\n"),
        (Protocol.POP3, Farewell.UNAVAILABLE, b"-ERR [SYS/TEMP] " + BUSY + b"\r\n"),
        (Protocol.POP3, Farewell.TIMEOUT, b"-ERR Timeout\r\n"),
        (Protocol.POP3, Farewell.SHUTDOWN, b"-ERR [SYS/TEMP] " + DOWN + b"\r\n"),
        (Protocol.POP3, Farewell.LIMIT, b"-ERR [SYS/TEMP] " + FULL + b"\r\n"),
        (Protocol.SIEVE, Farewell.UNAVAILABLE, b'BYE (TRYLATER) "' + BUSY + b'"\r\n'),
        (Protocol.SIEVE, Farewell.TIMEOUT, b'BYE "Timeout"\r\n'),
        (Protocol.SIEVE, Farewell.SHUTDOWN, b'BYE (TRYLATER) "' + DOWN + b'"\r\n'),
        (Protocol.SIEVE, Farewell.LIMIT, b'BYE (TRYLATER) "' + FULL + b'"\r\n'),
        *((Protocol.HTTP, kind, HTTP_503) for kind in Farewell),
        *((Protocol.RAW, kind, b"") for kind in Farewell),
    ],
)
def test_farewell(protocol: Protocol, kind: Farewell, expected: bytes) -> None:
    assert farewell(protocol, kind, "mx.example") == expected
