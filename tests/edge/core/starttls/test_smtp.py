"""SMTP before TLS, as dialogues."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import (
    Ended,
    PlainOpening,
    PlaintextChosen,
    UpgradeAccepted,
)
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import (
    DOVECOT_SMTP,
    MUST_TLS,
    MX,
    POSTFIX_SMTP,
    STALWART_SMTP,
)
from tests.edge.core.starttls.talk import ended, talk

TLS_FIRST = b"530 5.7.0 Must issue a STARTTLS command first\r\n"


@pytest.mark.parametrize(
    ("learnt", "greeting"),
    [
        (STALWART_SMTP, b"220 mail.example.org Stalwart ESMTP at your service\r\n"),
        (DOVECOT_SMTP, b"220 mail.example.org Dovecot (Debian) ready.\r\n"),
        (POSTFIX_SMTP, b"220 mx.example.org ESMTP Postfix (Debian/GNU)\r\n"),
    ],
)
def test_greeting(learnt: Learnt, greeting: bytes) -> None:
    assert open_dialogue(learnt, MUST_TLS).greeting() == greeting


@pytest.mark.parametrize(
    ("learnt", "reply"),
    [
        (
            STALWART_SMTP,
            (
                b"250-mail.example.org you had me at EHLO\r\n250-SMTPUTF8\r\n250-SIZE 104857600\r\n"
                b"250-REQUIRETLS\r\n250-PIPELINING\r\n250-NO-SOLICITING\r\n250-ENHANCEDSTATUSCODES\r\n"
                b"250-CHUNKING\r\n250-BINARYMIME\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
            ),
        ),
        (
            DOVECOT_SMTP,
            (
                b"250-mail.example.org\r\n250-8BITMIME\r\n250-BURL imap\r\n250-CHUNKING\r\n"
                b"250-ENHANCEDSTATUSCODES\r\n250-SIZE\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
            ),
        ),
        (
            POSTFIX_SMTP,
            (
                b"250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ETRN\r\n"
                b"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
                b"250 STARTTLS\r\n"
            ),
        ),
    ],
)
def test_ehlo(learnt: Learnt, reply: bytes) -> None:
    assert talk(learnt, b"EHLO client.example\r\n").replies == reply


@pytest.mark.parametrize("rules", [MUST_TLS, MX])
@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"HELO client.example", b"250 mail.example.org\r\n"),
        (b"EHLO", b"501 5.5.4 EHLO needs a name\r\n"),
        (b"helo ", b"501 5.5.4 HELO needs a name\r\n"),
        (b"NOOP", b"250 2.0.0 OK\r\n"),
        (b"noop ignored", b"250 2.0.0 OK\r\n"),
        (b"RSET", b"250 2.0.0 OK\r\n"),
        (b"Rset \t", b"250 2.0.0 OK\r\n"),
        (b"RSET x", b"501 5.5.4 RSET takes no argument\r\n"),
        (b"QUIT x", b"501 5.5.4 QUIT takes no argument\r\n"),
        (b"STARTTLS x", b"501 5.5.4 STARTTLS takes no argument\r\n"),
        (b"AUTH PLAIN AHUAcA==", TLS_FIRST),
        (b"auth login", TLS_FIRST),
    ],
)
def test_one_command(rules: object, line: bytes, reply: bytes) -> None:
    result = talk(STALWART_SMTP, line + b"\r\n", rules=rules)
    assert (result.replies, result.ending) == (reply, None)


@pytest.mark.parametrize(
    "line",
    [b"MAIL FROM:<a@b>", b"RCPT TO:<a@b>", b"DATA", b"BDAT 3 LAST", b"VRFY a", b"EXPN a", b"HELP",
     b"ETRN a", b"XCLIENT ADDR=127.0.0.1", b"LHLO a", b"FOO", b" NOOP", b""],
)  # fmt: skip
def test_everything_else_needs_tls_first(line: bytes) -> None:
    result = talk(STALWART_SMTP, line + b"\r\n")
    assert (result.replies, result.ending) == (TLS_FIRST, None)


def test_utf8_addresses_are_for_sessions_without_tls_only() -> None:
    line = "MAIL FROM:<jürgen@b> SMTPUTF8\r\n".encode()
    assert ended(talk(STALWART_SMTP, line)).outcome is Outcome.MALFORMED_LINE


@pytest.mark.parametrize("line", [b"STARTTLS\r\n", b"starttls\r\n", b"StartTLS \r\n"])
@pytest.mark.parametrize("before", [b"", b"EHLO x\r\n", b"HELO x\r\n", b"EHLO x\r\nRSET\r\n"])
def test_starttls(line: bytes, before: bytes) -> None:
    assert talk(STALWART_SMTP, before, line).ending == UpgradeAccepted(
        data=b"220 2.0.0 Ready to start TLS\r\n"
    )


def test_quit() -> None:
    assert talk(STALWART_SMTP, b"EHLO x\r\n", b"QUIT\r\n").ending == Ended(
        data=b"221 2.0.0 edge.example.org closing connection\r\n",
        outcome=Outcome.CLIENT_QUIT,
        detail="QUIT before TLS",
    )


def test_a_backend_without_texts_is_greeted_by_the_edges_name() -> None:
    bare = Learnt(protocol=Protocol.SMTP, banner=b"", capabilities=())
    assert open_dialogue(bare, MUST_TLS).greeting() == b"220 edge.example.org\r\n"
    assert talk(bare, b"EHLO x\r\n").replies == b"250-edge.example.org\r\n250 STARTTLS\r\n"
    assert talk(bare, b"HELO x\r\n").replies == b"250 edge.example.org\r\n"


@pytest.mark.parametrize(
    "line",
    [b"MAIL FROM:<a@b>", b"mail from:<a@b>", b"MAIL", b"RCPT TO:<a@b>", b"DATA", b"BDAT 3 LAST",
     b"VRFY a", b"EXPN a", b"HELP", b"ETRN a", "MAIL FROM:<jürgen@b> SMTPUTF8".encode()],
)  # fmt: skip
@pytest.mark.parametrize("tail", [b"", b"RCPT TO:<c@d>\r\nDATA\r\n", b"STARTTLS\r\n\0\xff\n.\r"])
def test_an_mx_goes_on_in_the_clear_byte_for_byte(line: bytes, tail: bytes) -> None:
    pending = line + b"\r\n" + tail
    result = talk(STALWART_SMTP, b"EHLO one\r\n", b"eHLO  two \r\n" + pending, rules=MX)
    assert result.ending == PlaintextChosen(
        opening=PlainOpening(ehlo=b"eHLO  two \r\n", pending=pending)
    )


def test_an_mx_client_may_skip_ehlo() -> None:
    result = talk(STALWART_SMTP, b"MAIL FROM:<a@b>\r\n", rules=MX)
    assert result.ending == PlaintextChosen(
        opening=PlainOpening(ehlo=None, pending=b"MAIL FROM:<a@b>\r\n")
    )


def test_a_refused_ehlo_is_not_kept() -> None:
    result = talk(STALWART_SMTP, b"HELO one\r\nEHLO\r\nMAIL FROM:<>\r\n", rules=MX)
    assert isinstance(result.ending, PlaintextChosen)
    assert result.ending.opening.ehlo == b"HELO one\r\n"


@pytest.mark.parametrize(
    "line",
    [b"FOO", b"XCLIENT ADDR=127.0.0.1", b"XFORWARD NAME=a", b"", b"AGFiYwBzZWNyZXQ=",
     b"MAILFROM:<a>", b" MAIL FROM:<a>"],
)  # fmt: skip
def test_an_mx_forwards_known_verbs_only(line: bytes) -> None:
    result = talk(STALWART_SMTP, line + b"\r\n", rules=MX)
    assert (result.replies, result.ending) == (b"500 5.5.1 Command not recognised\r\n", None)
