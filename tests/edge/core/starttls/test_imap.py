"""IMAP before TLS, as dialogues."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import Ended, UpgradeAccepted
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import DOVECOT_IMAP, MUST_TLS, STALWART_IMAP
from tests.edge.core.starttls.talk import talk

STALWART = b"IMAP4rev2 IMAP4rev1 ENABLE ID UTF8=ACCEPT STARTTLS LOGINDISABLED"
DOVECOT = b"IMAP4rev1 LOGIN-REFERRALS ID ENABLE IDLE STARTTLS LOGINDISABLED"


@pytest.mark.parametrize(
    ("learnt", "capabilities"), [(STALWART_IMAP, STALWART), (DOVECOT_IMAP, DOVECOT)]
)
def test_greeting_and_capability(learnt: Learnt, capabilities: bytes) -> None:
    greeting = b"* OK [CAPABILITY " + capabilities + b"] " + learnt.banner + b"\r\n"
    assert open_dialogue(learnt, MUST_TLS).greeting() == greeting
    assert talk(learnt, b"c1 capability\r\n").replies == (
        b"* CAPABILITY " + capabilities + b"\r\nc1 OK CAPABILITY completed\r\n"
    )


def test_a_greeting_always_has_text() -> None:
    bare = Learnt(protocol=Protocol.IMAP, banner=b"", capabilities=(b"IMAP4rev1",))
    assert open_dialogue(bare, MUST_TLS).greeting() == (
        b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] edge.example.org\r\n"
    )


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"a NOOP", b"a OK NOOP completed\r\n"),
        (b"a noop ", b"a OK NOOP completed\r\n"),
        (b"A.1]|~-:;x NOOP", b"A.1]|~-:;x OK NOOP completed\r\n"),
        (b"a" * 64 + b" NOOP", b"a" * 64 + b" OK NOOP completed\r\n"),
        (b"a ID NIL", b"* ID NIL\r\na OK ID completed\r\n"),
        (b'a ID ("name" "Mail {3}" "os" NIL)', b"* ID NIL\r\na OK ID completed\r\n"),
        (b"a ID", b"a BAD ID takes NIL or a list\r\n"),
        (b"a ID x", b"a BAD ID takes NIL or a list\r\n"),
        (b"a CAPABILITY x", b"a BAD CAPABILITY takes no argument\r\n"),
        (b"a NOOP x", b"a BAD NOOP takes no argument\r\n"),
        (b"a LOGOUT x", b"a BAD LOGOUT takes no argument\r\n"),
        (b"a STARTTLS x", b"a BAD STARTTLS takes no argument\r\n"),
        (b"a STARTTLS  ", b"a BAD STARTTLS takes no argument\r\n"),
        (b"a LOGIN user secret", b"a NO [PRIVACYREQUIRED] Issue STARTTLS first\r\n"),
        (b"a authenticate PLAIN AHUAcA==", b"a NO [PRIVACYREQUIRED] Issue STARTTLS first\r\n"),
        (b"a SELECT INBOX", b"a NO [PRIVACYREQUIRED] Issue STARTTLS first\r\n"),
        (b"a " + b"X" * 32, b"a NO [PRIVACYREQUIRED] Issue STARTTLS first\r\n"),
        (b"a XYZZY", b"a NO [PRIVACYREQUIRED] Issue STARTTLS first\r\n"),
        (b"", b"* BAD Invalid command\r\n"),
        (b"a", b"* BAD Invalid command\r\n"),
        (b" a NOOP", b"* BAD Invalid command\r\n"),
        (b"a  NOOP", b"* BAD Invalid command\r\n"),
        (b"a\tNOOP", b"* BAD Invalid command\r\n"),
        (b"a+ NOOP", b"* BAD Invalid command\r\n"),
        (b"a* NOOP", b"* BAD Invalid command\r\n"),
        (b"a{ NOOP", b"* BAD Invalid command\r\n"),
        (b'"a" NOOP', b"* BAD Invalid command\r\n"),
        (b"a" * 65 + b" NOOP", b"* BAD Invalid command\r\n"),
        (b"* OK NOOP", b"* BAD Invalid command\r\n"),
        (b"NOOP", b"* BAD Invalid command\r\n"),
        (b"a " + b"X" * 33, b"* BAD Invalid command\r\n"),
    ],
)
def test_one_command(line: bytes, reply: bytes) -> None:
    result = talk(STALWART_IMAP, line + b"\r\n")
    assert (result.replies, result.ending) == (reply, None)


@pytest.mark.parametrize("line", [b"x1 STARTTLS\r\n", b"x1 starttls\r\n", b"x1 StartTLS \r\n"])
def test_starttls(line: bytes) -> None:
    assert talk(STALWART_IMAP, line).ending == UpgradeAccepted(
        data=b"x1 OK Begin TLS negotiation now\r\n"
    )


def test_logout() -> None:
    assert talk(STALWART_IMAP, b"z LOGOUT\r\n").ending == Ended(
        data=b"* BYE Logging out\r\nz OK LOGOUT completed\r\n",
        outcome=Outcome.CLIENT_QUIT,
        detail="LOGOUT before TLS",
    )


def test_commands_that_imap_has_are_not_unknown() -> None:
    result = talk(STALWART_IMAP, b"a LOGIN x y\r\nb SELECT x\r\nc IDLE\r\nd AUTHENTICATE PLAIN\r\n")
    assert result.ending is None
    assert result.replies.count(b" NO [PRIVACYREQUIRED] ") == 4
