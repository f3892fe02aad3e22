"""An MX session without TLS is replayed to the backend, as dialogues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.starttls.events import PlainOpening
from edge.core.starttls.replay import Opened, PlainReplay, Rejected, ReplayEvent, ToBackend
from edge.errors import ProtocolError
from edge.outcome import Outcome
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte

EHLO = b"EHLO  Client.example \r\n"
PENDING = b"MAIL FROM:<a@b> BODY=8BITMIME\r\nRCPT TO:<c@d>\r\nBDAT 2\r\n\0\xff"
WITH_EHLO = PlainOpening(ehlo=EHLO, pending=PENDING)
WITHOUT = PlainOpening(ehlo=None, pending=PENDING)

GREETING = b"220 mail.example.org Stalwart ESMTP at your service\r\n"
REPLY = b"250-mail.example.org you had me at EHLO\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
INVALID = b"550 5.5.0 Invalid EHLO domain.\r\n"


def run(opening: PlainOpening, *reads: bytes) -> list[ReplayEvent]:
    replay = PlainReplay(opening)
    events: list[ReplayEvent] = []
    for number, read in enumerate(reads, start=1):
        events += replay.feed(read)
        match events[-1:]:
            case [Opened(rest=rest)]:
                # What the shell relays from here on counts as behind the opening.
                return [*events[:-1], Opened(rest=rest + b"".join(reads[number:]))]
            case [Rejected()]:
                return events
    return events


def test_with_ehlo() -> None:
    replay = PlainReplay(WITH_EHLO)
    assert replay.feed(GREETING) == [ToBackend(data=EHLO)]
    assert replay.feed(REPLY) == [ToBackend(data=PENDING), Opened(rest=b"")]
    with pytest.raises(RuntimeError):
        replay.feed(b"250 OK\r\n")


def test_with_helo() -> None:
    replay = PlainReplay(PlainOpening(ehlo=b"HELO x\r\n", pending=PENDING))
    assert replay.feed(GREETING) == [ToBackend(data=b"HELO x\r\n")]
    assert replay.feed(b"250 mail\r\n") == [ToBackend(data=PENDING), Opened(rest=b"")]


def test_without_ehlo() -> None:
    assert PlainReplay(WITHOUT).feed(GREETING) == [ToBackend(data=PENDING), Opened(rest=b"")]


def test_split_and_multi_line_greetings() -> None:
    replay = PlainReplay(WITH_EHLO)
    assert replay.feed(b"220-mail\r\n22") == []
    assert replay.feed(b"0 ok\r") == []
    assert replay.feed(b"\n") == [ToBackend(data=EHLO)]


def test_what_the_backend_says_behind_goes_to_the_client() -> None:
    assert run(WITH_EHLO, GREETING, REPLY + b"421 shutting down\r\n") == [
        ToBackend(data=EHLO),
        ToBackend(data=PENDING),
        Opened(rest=b"421 shutting down\r\n"),
    ]
    assert run(WITHOUT, GREETING + b"\0\xff") == [
        ToBackend(data=PENDING),
        Opened(rest=b"\0\xff"),
    ]


@pytest.mark.parametrize("reply", [INVALID, b"550-a\r\n550 b\r\n", b"421 bye\r\n", b"354 x\r\n"])
def test_a_refused_ehlo_answers_the_clients_mail(reply: bytes) -> None:
    replay = PlainReplay(WITH_EHLO)
    replay.feed(GREETING)
    assert replay.feed(reply) == [Rejected(data=reply)]
    with pytest.raises(RuntimeError):
        replay.feed(b"")


@pytest.mark.parametrize(
    ("reads", "why"),
    [
        ([b"421 busy\r\n"], "refusal"),
        ([b"554 go away\r\n"], "refusal"),
        ([b"* OK IMAP\r\n"], "expected smtp"),
        ([b"\x15\x03\x01"], "no line may hold"),
        ([GREETING, b"hello\r\n"], "no SMTP reply"),
        ([GREETING, b"250-a\r\n550 b\r\n"], "changed the code"),
        ([GREETING, b"250-x\r\n" * 10_000], "more than the limit"),
    ],
)
def test_no_session_can_begin(reads: list[bytes], why: str) -> None:
    assert_refused(lambda: run(WITH_EHLO, *reads), why)


@given(
    opening=st.sampled_from([WITH_EHLO, WITHOUT]),
    reads=st.lists(
        st.one_of(
            st.sampled_from([GREETING, REPLY, INVALID, b"220-a\r\n", b"250-a\r\n", b"\r\n"]),
            st.binary(max_size=4),
        ),
        max_size=5,
    ),
)
def test_events_or_a_refusal_in_any_segmentation(opening: PlainOpening, reads: list[bytes]) -> None:
    def attempt(*parts: bytes) -> list[ReplayEvent] | Outcome:
        try:
            return run(opening, *parts)
        except ProtocolError as error:
            return error.outcome

    data = b"".join(reads)
    whole = attempt(data)
    assert attempt(*reads) == whole
    assert attempt(*each_byte(data)) == whole
    assert whole is Outcome.BACKEND_REFUSED or isinstance(whole, list)
