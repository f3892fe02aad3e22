"""ManageSieve before TLS, as dialogues."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import Ended, UpgradeAccepted
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import DOVECOT_SIEVE, MUST_TLS, STALWART_SIEVE
from tests.edge.core.starttls.talk import talk

TLS_FIRST = b'NO (ENCRYPT-NEEDED) "Issue STARTTLS first"\r\n'
INVALID = b'NO "Invalid command"\r\n'

STALWART = (
    b'"IMPLEMENTATION" "Stalwart ManageSieve"\r\n"VERSION" "1.0"\r\n'
    b'"SIEVE" "body copy date envelope fileinto imap4flags reject vacation variables"\r\n'
    b'"NOTIFY" "mailto"\r\n"MAXREDIRECTS" "1"\r\n"SASL" ""\r\n"STARTTLS"\r\n'
)
DOVECOT = (
    b'"IMPLEMENTATION" "Dovecot (Debian) Pigeonhole"\r\n'
    b'"SIEVE" "fileinto reject envelope vacation subaddress relational regex imap4flags"\r\n'
    b'"NOTIFY" "mailto"\r\n"VERSION" "1.0"\r\n"SASL" ""\r\n"STARTTLS"\r\n'
)


@pytest.mark.parametrize(
    ("learnt", "block"), [(STALWART_SIEVE, STALWART), (DOVECOT_SIEVE, DOVECOT)]
)
def test_greeting_and_capability(learnt: Learnt, block: bytes) -> None:
    greeting = block + b'OK "' + learnt.banner + b'"\r\n'
    assert open_dialogue(learnt, MUST_TLS).greeting() == greeting
    assert talk(learnt, b"Capability\r\n").replies == block + b'OK "Capability completed"\r\n'


def test_a_greeting_needs_no_text() -> None:
    bare = Learnt(protocol=Protocol.SIEVE, banner=b"", capabilities=(b'"VERSION" "1.0"',))
    assert open_dialogue(bare, MUST_TLS).greeting() == (
        b'"VERSION" "1.0"\r\n"SASL" ""\r\n"STARTTLS"\r\nOK\r\n'
    )


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"NOOP", b'OK "Done"\r\n'),
        (b'NOOP "SYNC-42"', b'OK (TAG "SYNC-42") "Done"\r\n'),
        (b'noop "a \\"b\\\\ c"', b'OK (TAG "a \\"b\\\\ c") "Done"\r\n'),
        (b'NOOP ""', b'OK (TAG "") "Done"\r\n'),
        (b'NOOP "' + b"x" * 256 + b'"', b'OK (TAG "' + b"x" * 256 + b'") "Done"\r\n'),
        (b'NOOP "' + b"x" * 257 + b'"', b'NO "NOOP takes one short string"\r\n'),
        (b'NOOP "a" "b"', b'NO "NOOP takes one short string"\r\n'),
        (b'NOOP "a\\"', b'NO "NOOP takes one short string"\r\n'),
        (b'NOOP "a\\n"', b'NO "NOOP takes one short string"\r\n'),
        (b"NOOP x", b'NO "NOOP takes one short string"\r\n'),
        (b"STARTTLS x", b'NO "STARTTLS takes no argument"\r\n'),
        (b"CAPABILITY x", b'NO "CAPABILITY takes no argument"\r\n'),
        (b"LOGOUT x", b'NO "LOGOUT takes no argument"\r\n'),
        (b'AUTHENTICATE "PLAIN" "AHUAcA=="', TLS_FIRST),
        (b"LISTSCRIPTS", TLS_FIRST),
        (b'HAVESPACE "x" 3', TLS_FIRST),
        (b"XYZZY", TLS_FIRST),
        (b"", INVALID),
        (b'"AHUAcA=="', INVALID),
        (b" NOOP", INVALID),
    ],
)
def test_one_command(line: bytes, reply: bytes) -> None:
    result = talk(STALWART_SIEVE, line + b"\r\n")
    assert (result.replies, result.ending) == (reply, None)


@pytest.mark.parametrize("line", [b"STARTTLS\r\n", b"starttls \r\n"])
def test_starttls(line: bytes) -> None:
    assert talk(STALWART_SIEVE, line).ending == UpgradeAccepted(
        data=b'OK "Begin TLS negotiation now"\r\n'
    )


def test_logout() -> None:
    assert talk(STALWART_SIEVE, b"LOGOUT\r\n").ending == Ended(
        data=b'OK "Logout completed"\r\n',
        outcome=Outcome.CLIENT_QUIT,
        detail="LOGOUT before TLS",
    )
