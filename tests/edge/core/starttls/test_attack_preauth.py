"""A backend (or a man in the middle) that greets with PREAUTH: the client must never see it."""

import pytest

from edge.core.protocol import Protocol
from edge.core.starttls.detect import detect
from edge.core.starttls.events import PlainOpening
from edge.core.starttls.gate import Gate
from edge.core.starttls.probe import Probe
from edge.core.starttls.replay import PlainReplay
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte

GREETINGS = [
    b"* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n",
    b"* preauth\r\n",
    b"* PreAuth x\r\n* OK [CAPABILITY IMAP4rev1] x\r\n",
]


@pytest.mark.parametrize("greeting", GREETINGS)
def test_nobody_learns_from_it(greeting: bytes) -> None:
    assert_refused(lambda: detect(greeting), "PREAUTH")
    assert_refused(lambda: Probe(Protocol.IMAP, "edge.example").feed(greeting), "PREAUTH")
    assert_refused(lambda: Probe(None, "edge.example").feed(greeting), "PREAUTH")


@pytest.mark.parametrize("protocol", [Protocol.SMTP, Protocol.IMAP, Protocol.POP3, Protocol.SIEVE])
@pytest.mark.parametrize("greeting", GREETINGS)
def test_it_opens_no_gate(protocol: Protocol, greeting: bytes) -> None:
    assert_refused(lambda: Gate(protocol).feed(greeting), "PREAUTH")

    def drip() -> None:
        gate = Gate(protocol)
        for byte in each_byte(greeting):
            gate.feed(byte)

    assert_refused(drip, "PREAUTH")


def test_it_starts_no_replay() -> None:
    replay = PlainReplay(PlainOpening(ehlo=None, pending=b"MAIL FROM:<>\r\n"))
    assert_refused(lambda: replay.feed(GREETINGS[0]), "PREAUTH")
