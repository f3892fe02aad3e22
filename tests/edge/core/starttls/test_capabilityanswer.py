"""The answers that backends give to the question for their capabilities."""

import pytest

from edge.core.protocol import Protocol
from edge.core.starttls.backendlines import BackendLines
from edge.core.starttls.capabilityanswer import Answer, answer_reader
from edge.core.starttls.detect import Greeting
from edge.errors import NEED_MORE, NeedMore
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte


def read(protocol: Protocol, *reads: bytes) -> Answer | NeedMore:
    lines = BackendLines()
    greeting = Greeting(protocol=protocol, banner=b"", lines=(b'"VERSION" "1.0"', b"OK"))
    reader = answer_reader(greeting, lines, "edge.example.org")
    for data in reads:
        lines.push(data)
        answer = reader.next_answer()
        if answer is not NEED_MORE:
            return answer
    return NEED_MORE


@pytest.mark.parametrize(
    ("protocol", "question"),
    [
        (Protocol.SMTP, b"EHLO edge.example.org\r\n"),
        (Protocol.IMAP, b"a CAPABILITY\r\n"),
        (Protocol.POP3, b"CAPA\r\n"),
        (Protocol.SIEVE, b""),
    ],
)
def test_question(protocol: Protocol, question: bytes) -> None:
    greeting = Greeting(protocol=protocol, banner=b"", lines=(b"x",))
    assert answer_reader(greeting, BackendLines(), "edge.example.org").question == question


ANSWERS = [
    (Protocol.SMTP, b"250 mail\r\n", Answer(capabilities=(), ehlo=b"mail")),
    (Protocol.SMTP, b"250-mail hi\r\n250-\r\n250-SIZE 9\r\n250 AUTH PLAIN\r\n",
     Answer(capabilities=(b"SIZE 9", b"AUTH PLAIN"), ehlo=b"mail hi")),
    (Protocol.IMAP, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na OK done\r\n",
     Answer(capabilities=(b"IMAP4rev1", b"AUTH=PLAIN"))),
    (Protocol.IMAP, b"* OK still here\r\n* capability  IMAP4rev1 \r\n* 3 EXISTS\r\na ok\r\n",
     Answer(capabilities=(b"IMAP4rev1",))),
    (Protocol.POP3, b"+OK list\r\nUSER\r\n\r\nSASL PLAIN\r\n..X\r\n.\r\n",
     Answer(capabilities=(b"USER", b"SASL PLAIN", b".X"))),
    (Protocol.POP3, b"+OK\r\n.\r\n", Answer(capabilities=())),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "data", "answer"), ANSWERS)
def test_answers(protocol: Protocol, data: bytes, answer: Answer) -> None:
    assert read(protocol, data) == answer
    assert read(protocol, *each_byte(data)) == answer
    assert read(protocol, *each_byte(data[:-1])) is NEED_MORE


def test_managesieve_has_answered_by_its_greeting() -> None:
    assert read(Protocol.SIEVE, b"") == Answer(capabilities=(b'"VERSION" "1.0"',))


@pytest.mark.parametrize(
    ("protocol", "data"),
    [
        (Protocol.SMTP, b"550 5.5.0 Invalid EHLO domain.\r\n"),
        (Protocol.SMTP, b"502 5.5.1 not implemented\r\n"),
        (Protocol.SMTP, b"220 again\r\n"),
        (Protocol.SMTP, b"530 Please login with USER and PASS.\r\n"),
        (Protocol.IMAP, b"a OK without an answer\r\n"),
        (Protocol.IMAP, b"* CAPABILITY IMAP4rev1\r\na NO\r\n"),
        (Protocol.IMAP, b"a BAD what\r\n"),
        (Protocol.IMAP, b"b OK\r\n"),
        (Protocol.IMAP, b"* BYE now\r\n"),
        (Protocol.IMAP, b"+ go on\r\n"),
        (Protocol.IMAP, b"\r\n"),
        (Protocol.POP3, b"-ERR what\r\n"),
        (Protocol.POP3, b"USER\r\n"),
    ],
)
def test_no_answer(protocol: Protocol, data: bytes) -> None:
    assert_refused(lambda: read(protocol, data))


@pytest.mark.parametrize("protocol", [Protocol.HTTP, Protocol.RAW])
def test_other_protocols_are_never_asked(protocol: Protocol) -> None:
    assert_refused(lambda: read(protocol, b""))
