"""The greeting of the connection behind TLS: a refusal must not reach the client as a greeting."""

import pytest

from edge.core.protocol import Protocol
from edge.core.starttls.gate import Gate
from edge.errors import NEED_MORE
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte

REFUSALS = [
    (Protocol.SMTP, b"421 4.3.2 too many connections\r\n"),
    (Protocol.SMTP, b"450 4.7.1 greylisted\r\n"),
    (Protocol.SMTP, b"554 5.7.1 banned\r\n"),
    (Protocol.SMTP, b"554-5.7.1 you are\r\n554 5.7.1 banned\r\n"),
    (Protocol.SMTP, b"220-mail.example.org\r\n421 changed its mind\r\n"),
    (Protocol.SMTP, b"250 not a greeting\r\n"),
    (Protocol.SMTP, b"220mail\r\n"),
    (Protocol.IMAP, b"* BYE server shutting down\r\n"),
    (Protocol.IMAP, b"* PREAUTH welcome\r\n"),
    (Protocol.IMAP, b"* NO x\r\n"),
    (Protocol.IMAP, b"a OK x\r\n"),
    (Protocol.POP3, b"-ERR [SYS/TEMP] later\r\n"),
    (Protocol.POP3, b"+ OK\r\n"),
    (Protocol.SIEVE, b'BYE (TRYLATER) "later"\r\n'),
    (Protocol.SIEVE, b'NO "x"\r\n'),
    (Protocol.SIEVE, b'"IMPLEMENTATION" "x"\r\nBYE "changed its mind"\r\n'),
    *((protocol, data) for protocol in (Protocol.SMTP, Protocol.IMAP, Protocol.POP3, Protocol.SIEVE)
      for data in (b"\x15\x03\x03\x00\x02\x02\x46", b"HTTP/1.1 400 Bad Request\r\n", b"\r\n",
                   b"x" * 8192, b"OK\r\n", b"220 x\n", b"* OK \xff\r\n")),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "data"), REFUSALS)
def test_a_refusal_or_garbage(protocol: Protocol, data: bytes) -> None:
    assert_refused(lambda: Gate(protocol).feed(data))

    def drip() -> None:
        gate = Gate(protocol)
        for byte in each_byte(data):
            assert gate.feed(byte) is NEED_MORE

    assert_refused(drip)


def test_a_good_greeting_is_swallowed_whole_not_in_part() -> None:
    gate = Gate(Protocol.SMTP)
    assert gate.feed(b"220-mail.example.org ESMTP\r\n") is NEED_MORE
    assert gate.feed(b"220-you talk too soon\r\n22") is NEED_MORE
    assert gate.feed(b"0 now\r") is NEED_MORE
    assert gate.feed(b"\n") == b""


def test_an_apop_timestamp_of_the_second_greeting_never_reaches_the_client() -> None:
    """It differs from the first one's, which is why the first greeting has none."""
    assert Gate(Protocol.POP3).feed(b"+OK ready <4711.2@mail.example.org>\r\n") == b""


def test_managesieve_clients_get_the_second_block() -> None:
    block = b'"IMPLEMENTATION" "x"\r\n"SASL" "PLAIN"\r\n"SIEVE" "fileinto"\r\nOK "ready"\r\n'
    gate = Gate(Protocol.SIEVE)
    assert gate.feed(block[:30]) is NEED_MORE
    assert gate.feed(block[30:]) == block
