"""Literals as smuggling: their content must never be read as commands, so none is accepted."""

import pytest

from edge.core.protocol import Learnt
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import MX, STALWART_IMAP, STALWART_SIEVE
from tests.edge.core.starttls.talk import each_byte, ended, talk

IMAP = [
    (b"a ID ({9+}", b"a"),
    (b"a LOGIN {5}", b"a"),
    (b"a LOGIN {5+} {6+}", b"a"),
    (b'a ID ("name" {10}', b"a"),
    (b'a LOGIN alice "secret {3}', b"a"),
    (b"a APPEND INBOX ~{310}", b"a"),
    (b"a NOOP {3-}", b"a"),
    (b"a CAPABILITY {0}", b"a"),
    (b"a X {99999999999999999999}", b"a"),
    (b"a X{}", b"a"),
    (b"{3}", b"*"),
    (b"+ {3}", b"*"),
]
SIEVE = [
    b'AUTHENTICATE "PLAIN" {20+}',
    b"NOOP {9+}",
    b'PUTSCRIPT "x" {31}',
    b"{4}",
]
NEXT = [b"", b"b STARTTLS\r\n", b"STARTTLS\r\n", b"\r\nb NOOP\r\n"]


def assert_refused(learnt: Learnt, data: bytes, reply: bytes) -> None:
    for reads in ([data], each_byte(data)):
        result = talk(learnt, *reads, rules=MX)
        assert result.replies == b""
        assert ended(result).data == reply
        assert ended(result).outcome is Outcome.MALFORMED_LINE


@pytest.mark.parametrize(("line", "tag"), IMAP)
@pytest.mark.parametrize("content", NEXT)
def test_imap(line: bytes, tag: bytes, content: bytes) -> None:
    reply = tag + b" BAD No literals before TLS\r\n"
    assert_refused(STALWART_IMAP, line + b"\r\n" + content, reply)


@pytest.mark.parametrize("line", SIEVE)
@pytest.mark.parametrize("content", NEXT)
def test_managesieve(line: bytes, content: bytes) -> None:
    assert_refused(STALWART_SIEVE, line + b"\r\n" + content, b'NO "No literals before TLS"\r\n')


@pytest.mark.parametrize("line", [b'a ID ("x" "{3}")', b"a ID ({3} NIL)"])
def test_only_the_end_of_a_line_announces_a_literal(line: bytes) -> None:
    result = talk(STALWART_IMAP, line + b"\r\n")
    assert result.ending is None
    assert result.replies.endswith(b"a OK ID completed\r\n")
