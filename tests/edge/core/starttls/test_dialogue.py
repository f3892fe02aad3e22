"""The factory: one dialogue for each mail protocol, none for others."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from tests.edge.core.starttls.backends import MUST_TLS, MX, ONE_EACH


@pytest.mark.parametrize(
    ("learnt", "opening"),
    list(zip(ONE_EACH, [b"220 mail", b"* OK [CAPABILITY ", b"+OK Stal", b'"IMPLEM'], strict=True)),
)
def test_each_mail_protocol_has_a_dialogue(learnt: Learnt, opening: bytes) -> None:
    assert open_dialogue(learnt, MUST_TLS).greeting().startswith(opening)


@pytest.mark.parametrize("protocol", [Protocol.HTTP, Protocol.RAW])
def test_other_protocols_have_none(protocol: Protocol) -> None:
    with pytest.raises(ValueError, match="no clear phase"):
        open_dialogue(Learnt(protocol=protocol, banner=b"", capabilities=()), MUST_TLS)


@pytest.mark.parametrize("learnt", ONE_EACH[1:], ids=lambda learnt: learnt.protocol)
def test_only_smtp_ever_goes_on_in_the_clear(learnt: Learnt) -> None:
    login = {
        Protocol.IMAP: b"a LOGIN user secret\r\n",
        Protocol.POP3: b"USER user\r\n",
        Protocol.SIEVE: b'AUTHENTICATE "PLAIN" "AHUAcA=="\r\n',
    }[learnt.protocol]
    for rules in (MUST_TLS, MX):
        (event,) = open_dialogue(learnt, rules).feed(login)
        assert b"STLS" in event.data or b"STARTTLS" in event.data
