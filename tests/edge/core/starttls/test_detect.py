"""Which protocol a greeting belongs to; what is not clear is refused, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import Protocol
from edge.core.starttls.backendlines import BackendLines
from edge.core.starttls.detect import Greeting, GreetingReader, detect
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte

SIEVE_BLOCK = b'"IMPLEMENTATION" "x \\"y\\""\r\n"STARTTLS"\r\n"SASL" ""\r\n'

GREETINGS = [
    (b"220 mail.example.org ESMTP\r\n", Protocol.SMTP, b"mail.example.org ESMTP"),
    (b"220\r\n", Protocol.SMTP, b""),
    (b"220-mail.example.org ESMTP\r\n220-rules\r\n220 ok\r\n", Protocol.SMTP,
     b"mail.example.org ESMTP"),
    (b"* OK Stalwart IMAP4rev2 at your service.\r\n", Protocol.IMAP,
     b"Stalwart IMAP4rev2 at your service."),
    (b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready [1]\r\n", Protocol.IMAP, b"ready [1]"),
    (b"* ok [ALERT]\r\n", Protocol.IMAP, b""),
    (b"* OK ready [1] [2]\r\n", Protocol.IMAP, b"ready [1] [2]"),
    (b"* OK\r\n", Protocol.IMAP, b""),
    (b"+OK POP3 ready <1.2@a>\r\n", Protocol.POP3, b"POP3 ready <1.2@a>"),
    (b"+OK\r\n", Protocol.POP3, b""),
    (SIEVE_BLOCK + b'OK "ready \\"x\\""\r\n', Protocol.SIEVE, b'ready \\"x\\"'),
    (SIEVE_BLOCK + b'ok (TAG "a") "ready"\r\n', Protocol.SIEVE, b"ready"),
    (SIEVE_BLOCK + b"OK\r\n", Protocol.SIEVE, b""),
]  # fmt: skip

REFUSALS = [
    (b"421 4.3.2 too busy\r\n", "SMTP greeting is a refusal"),
    (b"554 no service\r\n", "SMTP greeting is a refusal"),
    (b"554-no\r\n554 service\r\n", "SMTP greeting is a refusal"),
    (b"220-a\r\n421 b\r\n", "changed the code"),
    (b"2200 a\r\n", "no SMTP reply"),
    (b"250 a\r\n", "no greeting of a mail protocol"),
    (b"* PREAUTH welcome\r\n", "PREAUTH"),
    (b"* preauth [CAPABILITY IMAP4rev1] welcome\r\n", "PREAUTH"),
    (b"* BYE too busy\r\n", "IMAP greeting is a refusal"),
    (b"* NO x\r\n", "IMAP greeting is a refusal"),
    (b"*\r\n", "IMAP greeting is a refusal"),
    (b"-ERR too busy\r\n", "POP3 greeting is a refusal"),
    (b"+OKAY\r\n", "no greeting of a mail protocol"),
    (b'BYE "too busy"\r\n', "ManageSieve greeting is a refusal"),
    (b'NO "x"\r\n', "ManageSieve greeting is a refusal"),
    (SIEVE_BLOCK + b'BYE (TRYLATER) "too busy"\r\n', "ManageSieve greeting is a refusal"),
    (SIEVE_BLOCK + b"\r\n", "ManageSieve greeting is a refusal"),
    (b'"X" {3+}\r\nabc\r\nOK\r\n', "malformed"),
    (b'"X\r\n', "malformed"),
    (b'OK "no capabilities"\r\n', "no greeting of a mail protocol"),
    (b"HTTP/1.1 400 Bad Request\r\n", "no greeting of a mail protocol"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "no greeting of a mail protocol"),
    (b"\r\n", "no greeting of a mail protocol"),
    (b"\x15\x03\x01\x00\x02\x02\x0a", "no line may hold"),
    (b"220 caf\xc3\xa9\r\n", "no line may hold"),
    (b"220 a\n", "no line may hold"),
]


@pytest.mark.parametrize(("data", "protocol", "banner"), GREETINGS)
@pytest.mark.parametrize("behind", [b"", b"\0anything\n"])
def test_greetings(data: bytes, protocol: Protocol, banner: bytes, behind: bytes) -> None:
    greeting = detect(data + behind)
    assert isinstance(greeting, Greeting)
    assert (greeting.protocol, greeting.banner) == (protocol, banner)
    assert b"".join(line + b"\r\n" for line in greeting.lines) == data


@pytest.mark.parametrize("data", [data for data, _, _ in GREETINGS])
def test_every_beginning_of_a_greeting_needs_more(data: bytes) -> None:
    assert [detect(data[:size]) for size in range(len(data))] == [NEED_MORE] * len(data)


@pytest.mark.parametrize(("data", "why"), REFUSALS)
def test_refusals(data: bytes, why: str) -> None:
    assert_refused(lambda: detect(data), why)


def test_capabilities_of_a_managesieve_greeting() -> None:
    greeting = detect(SIEVE_BLOCK + b"OK\r\n")
    assert isinstance(greeting, Greeting)
    assert greeting.capabilities == (b'"IMPLEMENTATION" "x \\"y\\""', b'"STARTTLS"', b'"SASL" ""')


def test_the_limit() -> None:
    data = b"220-" + b"x" * 92 + b"\r\n220 \r\n"
    assert isinstance(detect(data, limit=len(data)), Greeting)
    assert_refused(lambda: detect(data, limit=len(data) - 1))
    assert_refused(lambda: detect(data[:50], limit=50))


Result = Greeting | NeedMore | Outcome


def read(*reads: bytes) -> Result:
    lines = BackendLines()
    reader = GreetingReader(lines)
    for data in reads:
        lines.push(data)
        try:
            greeting = reader.next_greeting()
        except ProtocolError as error:
            return error.outcome
        if greeting is not NEED_MORE:
            return greeting
    return NEED_MORE


@given(
    st.lists(
        st.one_of(
            st.sampled_from([data for data, _, _ in GREETINGS] + [data for data, _ in REFUSALS]),
            st.sampled_from([b"220-", b"220 ", b"* OK ", b'"A"', b"OK", b"\r\n", b"\r", b"\n"]),
            st.binary(max_size=4),
        ),
        max_size=6,
    )
)
def test_a_value_need_more_or_a_refusal_in_any_segmentation(reads: list[bytes]) -> None:
    data = b"".join(reads)
    whole = read(data)
    assert read(*reads) == whole
    assert read(*each_byte(data)) == whole
    assert whole in (NEED_MORE, Outcome.BACKEND_REFUSED) or isinstance(whole, Greeting)
