"""SMTP smuggling: the edge and the backend must agree where a line ends, so only CRLF may.

If the edge took `NOOP LF STARTTLS` for one line and a backend for two, an attacker could say
something to one that the other never heard.
"""

import hashlib

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.events import PlaintextChosen
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import MUST_TLS, MX, NOOP, ONE_EACH, STALWART_SMTP, STARTTLS
from tests.edge.core.starttls.talk import each_byte, ended, talk

FALSE_ENDINGS = [b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\0", b"\0\r\n", b"\x0b\r\n", b"\x0c\r\n",
                 b"\x85\r\n", b"\xe2\x80\xa8\r\n", b"\x1a\r\n"]  # fmt: skip
COMPLAINT = {
    Protocol.SMTP: b"500 5.5.2 ",
    Protocol.IMAP: b"* BAD ",
    Protocol.POP3: b"-ERR ",
    Protocol.SIEVE: b'NO "',
}


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
@pytest.mark.parametrize("false_ending", FALSE_ENDINGS)
def test_a_false_line_end_closes(learnt: Learnt, false_ending: bytes) -> None:
    noop = NOOP[learnt.protocol]
    data = noop + noop.removesuffix(b"\r\n") + false_ending + STARTTLS[learnt.protocol]
    for reads in ([data], each_byte(data)):
        result = talk(learnt, *reads)
        assert result.replies == talk(learnt, noop).replies
        assert ended(result).outcome is Outcome.MALFORMED_LINE
        assert ended(result).data.startswith(COMPLAINT[learnt.protocol])
        assert ended(result).data.count(b"\r\n") == 1


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_a_bare_lf_is_answered_at_once(learnt: Learnt) -> None:
    result = talk(learnt, STARTTLS[learnt.protocol].replace(b"\r", b""))
    assert ended(result).outcome is Outcome.MALFORMED_LINE


@pytest.mark.parametrize("rules", [MUST_TLS, MX])
@pytest.mark.parametrize("false_ending", [b"\n", b"\r", b"\0"])
def test_not_even_inside_what_an_mx_would_forward(rules: object, false_ending: bytes) -> None:
    line = b"MAIL FROM:<a@b>" + false_ending + b"RCPT TO:<c@d>\r\n"
    result = talk(STALWART_SMTP, line, rules=rules)
    assert ended(result).outcome is Outcome.MALFORMED_LINE


def test_a_replayed_ehlo_is_one_clean_line() -> None:
    for byte in b"\n\r\0\x7f\xff":
        result = talk(STALWART_SMTP, b"EHLO x" + bytes([byte]) + b"y\r\nMAIL FROM:<>\r\n", rules=MX)
        assert ended(result).outcome is Outcome.MALFORMED_LINE


@pytest.mark.parametrize(
    "body",
    [
        b"DATA\r\nSubject: x\r\n\r\nSTARTTLS\r\n.\r\n",
        b"DATA\r\nx\n.\nMAIL FROM:<smuggled@b>\r\n.\r\n",
        b"BDAT 10 LAST\r\nSTARTTLS\r\n",
        b"BDAT 9 LAST\r\n\0\r\n\xff\n\r.\r\n",
        bytes(range(256)) * 256,
    ],
)
def test_behind_the_first_forwarded_command_nothing_is_looked_at(body: bytes) -> None:
    session = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n" + body
    result = talk(STALWART_SMTP, b"EHLO x\r\n" + session, rules=MX)
    assert isinstance(result.ending, PlaintextChosen)
    pending = result.ending.opening.pending
    assert hashlib.sha256(pending).digest() == hashlib.sha256(session).digest()
