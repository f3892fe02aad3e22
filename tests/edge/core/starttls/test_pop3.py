"""POP3 before TLS, as dialogues."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import Ended, UpgradeAccepted
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import DOVECOT_POP3, MUST_TLS, STALWART_POP3
from tests.edge.core.starttls.talk import talk

TLS_FIRST = b"-ERR Issue STLS first\r\n"


@pytest.mark.parametrize(
    ("learnt", "greeting"),
    [
        (STALWART_POP3, b"+OK Stalwart POP3 at your service.\r\n"),
        (DOVECOT_POP3, b"+OK Dovecot (Debian) ready.\r\n"),
        (Learnt(protocol=Protocol.POP3, banner=b"", capabilities=()), b"+OK\r\n"),
        (Learnt(protocol=Protocol.POP3, banner=b"<1.2@a> hi", capabilities=()), b"+OK  hi\r\n"),
    ],
)
def test_greeting(learnt: Learnt, greeting: bytes) -> None:
    assert open_dialogue(learnt, MUST_TLS).greeting() == greeting


@pytest.mark.parametrize(
    ("learnt", "reply"),
    [
        (
            STALWART_POP3,
            (
                b"+OK Capability list follows\r\nTOP\r\nRESP-CODES\r\nPIPELINING\r\n"
                b"EXPIRE NEVER\r\nUIDL\r\nUTF8\r\nIMPLEMENTATION Stalwart Server\r\nSTLS\r\n.\r\n"
            ),
        ),
        (
            DOVECOT_POP3,
            (
                b"+OK Capability list follows\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n"
                b"PIPELINING\r\nAUTH-RESP-CODE\r\nSTLS\r\n.\r\n"
            ),
        ),
        (
            Learnt(protocol=Protocol.POP3, banner=b"", capabilities=(b".", b"..X")),
            b"+OK Capability list follows\r\n..\r\n...X\r\nSTLS\r\n.\r\n",
        ),
    ],
)
def test_capa(learnt: Learnt, reply: bytes) -> None:
    assert talk(learnt, b"capa\r\n").replies == reply


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"USER u", TLS_FIRST),
        (b"PASS p", TLS_FIRST),
        (b"APOP u c4c9334bac560ecc979e58001b3e22fb", TLS_FIRST),
        (b"AUTH PLAIN AHUAcA==", TLS_FIRST),
        (b"NOOP", TLS_FIRST),
        (b"STAT", TLS_FIRST),
        (b"FOO", TLS_FIRST),
        (b"", TLS_FIRST),
        (b"STLS x", b"-ERR STLS takes no argument\r\n"),
        (b"CAPA x", b"-ERR CAPA takes no argument\r\n"),
        (b"QUIT x", b"-ERR QUIT takes no argument\r\n"),
    ],
)
def test_one_command(line: bytes, reply: bytes) -> None:
    result = talk(STALWART_POP3, line + b"\r\n")
    assert (result.replies, result.ending) == (reply, None)


@pytest.mark.parametrize("line", [b"STLS\r\n", b"stls\r\n", b"STLS \r\n"])
def test_stls(line: bytes) -> None:
    assert talk(STALWART_POP3, line).ending == UpgradeAccepted(
        data=b"+OK Begin TLS negotiation now\r\n"
    )


def test_quit() -> None:
    assert talk(STALWART_POP3, b"QUIT\r\n").ending == Ended(
        data=b"+OK Bye\r\n", outcome=Outcome.CLIENT_QUIT, detail="QUIT before TLS"
    )
