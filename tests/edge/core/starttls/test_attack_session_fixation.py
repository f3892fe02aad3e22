"""Session fixation (RFC 3207 section 4.2): nothing said before TLS may survive it.

An attacker who can speak first in the clear would otherwise choose the victim's EHLO name, ID,
transaction or login.
"""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.events import UpgradeAccepted
from edge.core.starttls.gate import Gate
from tests.edge.core.starttls.backends import MX, ONE_EACH, STALWART_SMTP, STARTTLS
from tests.edge.core.starttls.talk import talk

BEFORE = {
    Protocol.SMTP: b"EHLO fixed.example\r\nAUTH PLAIN AGZpeGVk\r\n",
    Protocol.IMAP: b'f ID ("name" "fixed")\r\nf LOGIN fixed fixed\r\nf SELECT fixed\r\n',
    Protocol.POP3: b"CAPA\r\nUSER fixed\r\nAPOP fixed fixed\r\n",
    Protocol.SIEVE: b'NOOP "fixed"\r\nAUTHENTICATE "PLAIN" "AGZpeGVk"\r\n',
}


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_the_upgrade_is_the_same_whatever_came_before(learnt: Learnt) -> None:
    starttls = STARTTLS[learnt.protocol]
    fresh = talk(learnt, starttls).ending
    assert isinstance(fresh, UpgradeAccepted)
    assert talk(learnt, BEFORE[learnt.protocol], starttls).ending == fresh
    assert talk(learnt, BEFORE[learnt.protocol] + starttls).ending == fresh


@pytest.mark.parametrize(
    "before",
    [b"MAIL FROM:<fixed@example.org>\r\n", b"MAIL FROM:<fixed@example.org>\r\nRCPT TO:<a@b>\r\n"],
)
def test_a_transaction_before_tls_is_refused_not_remembered(before: bytes) -> None:
    result = talk(STALWART_SMTP, b"EHLO x\r\n", before, b"STARTTLS\r\n")
    assert result.replies.endswith(b"530 5.7.0 Must issue a STARTTLS command first\r\n")
    assert result.ending == UpgradeAccepted(data=b"220 2.0.0 Ready to start TLS\r\n")


def test_an_mx_that_upgrades_replays_nothing_either() -> None:
    result = talk(STALWART_SMTP, b"EHLO fixed.example\r\n", b"STARTTLS\r\n", rules=MX)
    assert result.ending == UpgradeAccepted(data=b"220 2.0.0 Ready to start TLS\r\n")


def test_the_gate_has_nothing_to_send_to_the_backend() -> None:
    """Its only output goes to the client; a session inside TLS begins with the client's bytes."""
    assert Gate(Protocol.SMTP).feed(b"220 mail.example.org ESMTP\r\n") == b""
