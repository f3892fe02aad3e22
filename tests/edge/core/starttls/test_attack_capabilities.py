"""Capabilities before TLS: no way to log in is offered, whatever the backend says of itself."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.gate import Gate
from tests.edge.core.starttls.backends import ALL, MUST_TLS, MX
from tests.edge.core.starttls.talk import talk

ASK = {
    Protocol.SMTP: b"EHLO x\r\n",
    Protocol.IMAP: b"a CAPABILITY\r\n",
    Protocol.POP3: b"CAPA\r\n",
    Protocol.SIEVE: b"CAPABILITY\r\n",
}
LOGIN = {
    Protocol.SMTP: rb"(?im)^250.(AUTH|XCLIENT|XFORWARD)\b",
    Protocol.IMAP: rb"(?i) (AUTH=\S*|SASL-IR|LITERAL[+-])",
    Protocol.POP3: rb"(?im)^(USER|SASL|APOP)\b|<.*>",
    Protocol.SIEVE: rb'(?im)^"SASL" "[^"]',
}
TLS = {
    Protocol.SMTP: b"STARTTLS\r\n",
    Protocol.IMAP: b" STARTTLS LOGINDISABLED",
    Protocol.POP3: b"\r\nSTLS\r\n",
    Protocol.SIEVE: b'"STARTTLS"\r\n',
}
WAYS_IN = {
    Protocol.SMTP: [b"AUTH", b"auth PLAIN", b"AUTH=LOGIN", b"XCLIENT NAME", b"starttls", b"SIZE 1"],
    Protocol.IMAP: [b"AUTH=PLAIN", b"auth=x", b"SASL-IR", b"LITERAL+", b"StartTLS", b"IMAP4rev1"],
    Protocol.POP3: [b"USER", b"sasl PLAIN", b"SASL", b"STLS", b"apop", b"TOP"],
    Protocol.SIEVE: [b'"SASL" "PLAIN"', b'"sasl" "LOGIN"', b'"STARTTLS"', b'"VERSION" "1.0"'],
}


def assert_safe(learnt: Learnt) -> None:
    protocol = learnt.protocol
    answers = [talk(learnt, ASK[protocol], rules=rules).replies for rules in (MUST_TLS, MX)]
    greeting = open_dialogue(learnt, MUST_TLS).greeting()
    for text in (*answers, greeting):
        assert not re.search(LOGIN[protocol], text)
    assert [answer.count(TLS[protocol]) for answer in answers] == [1, 1]
    if protocol in {Protocol.IMAP, Protocol.SIEVE}:
        assert greeting.count(TLS[protocol]) == 1


@pytest.mark.parametrize("learnt", ALL.values(), ids=ALL.keys())
def test_known_backends(learnt: Learnt) -> None:
    assert_safe(learnt)


@given(st.data())
def test_any_mix_of_ways_in(data: st.DataObject) -> None:
    protocol = data.draw(st.sampled_from(list(WAYS_IN)))
    capabilities = data.draw(st.lists(st.sampled_from(WAYS_IN[protocol]), max_size=8))
    assert_safe(Learnt(protocol=protocol, banner=b"x <1@a>", capabilities=tuple(capabilities)))


def test_what_is_no_way_in_stays() -> None:
    learnt = Learnt(
        protocol=Protocol.SMTP,
        banner=b"x",
        ehlo=b"x",
        capabilities=(b"AUTHORITY 1", b"STARTTLSX", b"X-AUTH"),
    )
    assert talk(learnt, b"EHLO x\r\n").replies == (
        b"250-x\r\n250-AUTHORITY 1\r\n250-STARTTLSX\r\n250-X-AUTH\r\n250 STARTTLS\r\n"
    )


def test_managesieve_inside_tls_does_not_offer_starttls() -> None:
    block = b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\n"starttls"\r\n"SASL" "PLAIN"\r\nOK "ready"\r\n'
    assert Gate(Protocol.SIEVE).feed(block + b"behind") == (
        b'"IMPLEMENTATION" "x"\r\n"SASL" "PLAIN"\r\nOK "ready"\r\nbehind'
    )
