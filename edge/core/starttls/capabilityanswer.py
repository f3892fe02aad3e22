"""A backend's answer to the question for its capabilities, per protocol."""

import typing
from dataclasses import dataclass

from edge.core.protocol import Protocol
from edge.core.starttls.backendlines import BackendLines, refused
from edge.core.starttls.detect import Greeting
from edge.core.starttls.smtpreply import ReplyReader
from edge.errors import NEED_MORE, NeedMore


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Capabilities without framing, and the first line of an EHLO reply; see `Learnt`."""

    capabilities: tuple[bytes, ...]
    ehlo: bytes = b""


class AnswerReader(typing.Protocol):
    """Has one question and reads its answer."""

    @property
    def question(self) -> bytes:
        """What to send; empty when the greeting was the answer."""

    def next_answer(self) -> Answer | NeedMore:
        """The answer; ProtocolError with `BACKEND_REFUSED` when there will be none."""


def answer_reader(greeting: Greeting, lines: BackendLines, ehlo_name: str) -> AnswerReader:
    """The reader that goes with a greeting, on what the backend sends behind it."""
    match greeting.protocol:
        case Protocol.SMTP:
            return _EhloReader(lines, ehlo_name)
        case Protocol.IMAP:
            return _ImapReader(lines)
        case Protocol.POP3:
            return _CapaReader(lines)
        case Protocol.SIEVE:
            return _GreetingAnswer(greeting)
        case Protocol.HTTP | Protocol.RAW:
            raise refused("a protocol that does not greet")
        case _:
            typing.assert_never(greeting.protocol)


class _EhloReader:
    """RFC 5321 section 4.1.1.1."""

    __slots__ = ("_replies", "question")

    def __init__(self, lines: BackendLines, ehlo_name: str) -> None:
        self.question = f"EHLO {ehlo_name}\r\n".encode()
        self._replies = ReplyReader(lines)

    def next_answer(self) -> Answer | NeedMore:
        reply = self._replies.next_reply()
        if reply is NEED_MORE:
            return NEED_MORE
        if reply.code != b"250":
            raise refused("the backend refused EHLO: no ESMTP server, or it rejects the name")
        ehlo, *keywords = reply.texts
        return Answer(capabilities=tuple(filter(None, keywords)), ehlo=ehlo)


class _ImapReader:
    """RFC 9051 section 6.1.1. Untagged responses to other things are skipped."""

    __slots__ = ("_capabilities", "_lines", "question")

    def __init__(self, lines: BackendLines) -> None:
        self.question = b"a CAPABILITY\r\n"
        self._lines = lines
        self._capabilities: tuple[bytes, ...] = ()

    def next_answer(self) -> Answer | NeedMore:
        while (line := self._lines.next_line()) is not NEED_MORE:
            tag, _, response = line.partition(b" ")
            name, _, text = response.partition(b" ")
            match tag, name.upper():
                case b"*", b"CAPABILITY":
                    self._capabilities = tuple(text.split())
                case b"*", b"BYE":
                    raise refused("the backend said BYE to CAPABILITY")
                case b"*", _:
                    continue
                case b"a", b"OK" if self._capabilities:
                    return Answer(capabilities=self._capabilities)
                case _:
                    raise refused("the backend did not answer CAPABILITY")
        return NEED_MORE


class _CapaReader:
    """RFC 2449 section 5."""

    __slots__ = ("_capabilities", "_is_accepted", "_lines", "question")

    def __init__(self, lines: BackendLines) -> None:
        self.question = b"CAPA\r\n"
        self._lines = lines
        self._is_accepted = False
        self._capabilities: list[bytes] = []

    def next_answer(self) -> Answer | NeedMore:
        while (line := self._lines.next_line()) is not NEED_MORE:
            if not self._is_accepted:
                if line.partition(b" ")[0].upper() != b"+OK":
                    raise refused("the backend refused CAPA")
                self._is_accepted = True
            elif line == b".":
                return Answer(capabilities=tuple(self._capabilities))
            elif line:
                self._capabilities.append(line.removeprefix(b"."))
        return NEED_MORE


class _GreetingAnswer:
    """RFC 5804 section 1.7: the greeting is the answer."""

    __slots__ = ("_greeting", "question")

    def __init__(self, greeting: Greeting) -> None:
        self.question = b""
        self._greeting = greeting

    def next_answer(self) -> Answer | NeedMore:
        return Answer(capabilities=self._greeting.capabilities)
