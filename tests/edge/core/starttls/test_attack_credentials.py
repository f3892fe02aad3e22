"""Credentials in the clear: refused here, never handed on, also when the client will not listen."""

import pytest

from edge.core.protocol import Learnt
from edge.core.starttls.events import PlaintextChosen
from edge.core.starttls.rules import ClearRules
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import (
    DOVECOT_SMTP,
    MUST_TLS,
    MX,
    POSTFIX_SMTP,
    STALWART_IMAP,
    STALWART_POP3,
    STALWART_SIEVE,
    STALWART_SMTP,
)
from tests.edge.core.starttls.talk import each_byte, ended, talk

SECRET = b"AGFsaWNlAHNlY3JldA=="

ATTEMPTS = [
    (STALWART_SMTP, MUST_TLS, b"AUTH PLAIN " + SECRET + b"\r\n", b"530 5.7.0 "),
    (STALWART_SMTP, MX, b"AUTH PLAIN " + SECRET + b"\r\n", b"530 5.7.0 "),
    (STALWART_SMTP, MX, b"auth\tPLAIN " + SECRET + b"\r\n", b"500 5.5.1 "),
    (DOVECOT_SMTP, MX, b"AUTH LOGIN\r\n" + SECRET + b"\r\n", b"530 5.7.0 "),
    (POSTFIX_SMTP, MX, b"AUTH=PLAIN " + SECRET + b"\r\n", b"500 5.5.1 "),
    (STALWART_IMAP, MUST_TLS, b"a LOGIN alice " + SECRET + b"\r\n", b"a NO [PRIVACYREQUIRED] "),
    (STALWART_IMAP, MX, b"a LOGIN alice " + SECRET + b"\r\n", b"a NO [PRIVACYREQUIRED] "),
    (STALWART_IMAP, MUST_TLS, b"a AUTHENTICATE PLAIN " + SECRET + b"\r\n",
     b"a NO [PRIVACYREQUIRED] "),
    (STALWART_IMAP, MUST_TLS, b"a AUTHENTICATE PLAIN\r\n" + SECRET + b"\r\n",
     b"a NO [PRIVACYREQUIRED] "),
    (STALWART_POP3, MUST_TLS, b"USER alice\r\nPASS " + SECRET + b"\r\n", b"-ERR "),
    (STALWART_POP3, MX, b"AUTH PLAIN " + SECRET + b"\r\n", b"-ERR "),
    (STALWART_POP3, MUST_TLS, b"APOP alice " + SECRET + b"\r\n", b"-ERR "),
    (STALWART_SIEVE, MUST_TLS, b'AUTHENTICATE "PLAIN" "' + SECRET + b'"\r\n',
     b"NO (ENCRYPT-NEEDED) "),
    (STALWART_SIEVE, MX, b'AUTHENTICATE "PLAIN"\r\n"' + SECRET + b'"\r\n',
     b"NO (ENCRYPT-NEEDED) "),
]  # fmt: skip


@pytest.mark.parametrize(("learnt", "rules", "attempt", "reply"), ATTEMPTS)
def test_an_attempt_is_answered_by_the_edge(
    learnt: Learnt, rules: ClearRules, attempt: bytes, reply: bytes
) -> None:
    for reads in ([attempt], each_byte(attempt)):
        result = talk(learnt, *reads, rules=rules)
        assert result.ending is None
        assert result.replies.startswith(reply)
        assert SECRET not in result.replies


@pytest.mark.parametrize("login", [b"AUTH PLAIN " + SECRET, b"AUTH LOGIN\r\n" + SECRET, SECRET])
def test_an_opening_holds_nothing_of_a_refused_login(login: bytes) -> None:
    mail = b"MAIL FROM:<a@b>\r\n"
    result = talk(STALWART_SMTP, b"EHLO x\r\n" + login + b"\r\n" + mail, rules=MX)
    assert isinstance(result.ending, PlaintextChosen)
    assert result.ending.opening.ehlo == b"EHLO x\r\n"
    assert result.ending.opening.pending == mail


def test_a_client_that_keeps_sending_secrets_is_closed() -> None:
    guesses = b"AUTH LOGIN\r\n" + b"".join(b"%dc2VjcmV0\r\n" % number for number in range(5))
    result = talk(STALWART_SMTP, guesses, rules=MX)
    assert ended(result).outcome is Outcome.TOO_MANY_COMMANDS


def test_no_detail_holds_bytes_of_the_client() -> None:
    for ending in (b"\0", b"\n", SECRET * 300):
        assert "AGFs" not in ended(talk(STALWART_SMTP, SECRET + ending)).detail
