"""Learns from a backend what to greet clients with: its banner and its capabilities."""

from dataclasses import dataclass
from typing import Final

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.backendlines import BackendLines, refused
from edge.core.starttls.capabilityanswer import Answer, AnswerReader, answer_reader
from edge.core.starttls.detect import Greeting, GreetingReader
from edge.errors import NEED_MORE

CAPABILITY_LIMIT: Final = 200

CAPABILITY_LIMIT_BYTES: Final = 2048
"""The list of Sieve extensions is one capability, and several hundred bytes long."""

TEXT_LIMIT_BYTES: Final = 512
"""For the banner and the text of EHLO: a whole SMTP reply line has no more (RFC 5321)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Write `data` to the backend."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntAll:
    """The probe is done: write `goodbye`, read until the backend closes, close.

    Without a goodbye servers log each probe as a lost connection.
    """

    learnt: Learnt
    goodbye: bytes


ProbeEvent = Said | LearntAll


class Probe:
    """One visit: greeting, the question for capabilities, its answer, goodbye."""

    __slots__ = (
        "_answers",
        "_ehlo_name",
        "_expected",
        "_greeting",
        "_greetings",
        "_is_over",
        "_lines",
    )

    def __init__(self, expected: Protocol | None, ehlo_name: str) -> None:
        """`expected` None takes any of the four mail protocols; `ehlo_name` is a DNS name."""
        self._expected = expected
        self._ehlo_name = ehlo_name
        self._lines = BackendLines()
        self._greetings = GreetingReader(self._lines)
        self._greeting: Greeting | None = None
        self._answers: AnswerReader | None = None
        self._is_over = False

    def feed(self, data: bytes) -> list[ProbeEvent]:
        """Take what the backend sent.

        Raises ProtocolError with `BACKEND_REFUSED` when there is nothing to learn from it, and
        RuntimeError after `LearntAll`.
        """
        if self._is_over:
            raise RuntimeError("the probe is over")
        self._lines.push(data)
        events: list[ProbeEvent] = []
        if self._greeting is None or self._answers is None:
            greeting = self._greetings.next_greeting()
            if greeting is NEED_MORE:
                return events
            self._check_expected(greeting.protocol)
            self._greeting = greeting
            self._answers = answer_reader(greeting, self._lines, self._ehlo_name)
            if self._answers.question:
                events.append(Said(data=self._answers.question))
        answer = self._answers.next_answer()
        if answer is not NEED_MORE:
            self._is_over = True
            learnt = _learnt(self._greeting, answer)
            events.append(LearntAll(learnt=learnt, goodbye=_goodbye(learnt.protocol)))
        return events

    def _check_expected(self, protocol: Protocol) -> None:
        if self._expected is not None and protocol is not self._expected:
            raise refused(f"expected {self._expected}, the backend greets as {protocol}")


def _learnt(greeting: Greeting, answer: Answer) -> Learnt:
    if len(answer.capabilities) > CAPABILITY_LIMIT:
        raise refused(f"the backend has more than {CAPABILITY_LIMIT} capabilities")
    if any(len(item) > CAPABILITY_LIMIT_BYTES for item in answer.capabilities):
        raise refused(f"the backend has a capability over {CAPABILITY_LIMIT_BYTES} bytes")
    if max(len(greeting.banner), len(answer.ehlo)) > TEXT_LIMIT_BYTES:
        raise refused(f"the backend's greeting is over {TEXT_LIMIT_BYTES} bytes")
    return Learnt(
        protocol=greeting.protocol,
        banner=greeting.banner,
        capabilities=answer.capabilities,
        ehlo=answer.ehlo,
    )


def _goodbye(protocol: Protocol) -> bytes:
    match protocol:
        case Protocol.IMAP:
            return b"b LOGOUT\r\n"
        case Protocol.SIEVE:
            return b"LOGOUT\r\n"
        case _:
            return b"QUIT\r\n"
