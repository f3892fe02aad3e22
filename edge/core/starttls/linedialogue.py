"""What the four dialogues share: order of answers, limits, and how a dialogue ends."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from edge.core.protocol import Learnt
from edge.core.starttls.events import Ended, Ending, Event, Replied, UpgradeAccepted
from edge.core.starttls.lines import CRLF, LineReader, is_ascii_text
from edge.core.starttls.rules import ClearRules
from edge.core.starttls.wrongprotocol import LONGEST_BYTES, recognise
from edge.errors import NEED_MORE, ProtocolError
from edge.outcome import Outcome


class LineDialogue(ABC):
    """One client's clear-text dialogue; a protocol adds the answers.

    Faults of one line are judged in this order, so that the result does not depend on how the
    bytes were cut into reads: foreign protocol, malformed or too long (whichever comes first),
    number of commands, total of bytes, the command itself.
    """

    __slots__ = ("_commands", "_is_over", "_learnt", "_lines", "_rules", "_total_bytes", "_unknown")

    def __init__(
        self, learnt: Learnt, rules: ClearRules, *, is_text: Callable[[bytes], bool] = is_ascii_text
    ) -> None:
        self._learnt = learnt
        self._rules = rules
        self._lines = LineReader(limit_bytes=rules.line_limit_bytes, is_text=is_text)
        self._commands = 0
        self._unknown = 0
        self._total_bytes = 0
        self._is_over = False

    @abstractmethod
    def greeting(self) -> bytes:
        """The bytes to write as soon as the client is connected."""

    @abstractmethod
    def _answer(self, line: bytes) -> bytes | Ending:
        """The reply to one command, or the event that ends the dialogue."""

    @abstractmethod
    def _complaint(self, text: bytes) -> bytes:
        """The line that says what was wrong, before the connection is closed."""

    @abstractmethod
    def _goodbye(self, text: bytes) -> bytes:
        """The line that says that the edge closes the connection by its own decision."""

    def feed(self, data: bytes) -> list[Event]:
        """Take what the client sent, in any segmentation; all replies come as one event.

        Raises RuntimeError after an event that ends the dialogue.
        """
        if self._is_over:
            raise RuntimeError("the dialogue is over")
        self._lines.push(data)
        replies: list[bytes] = []
        try:
            ending = self._take_lines(replies)
        except ProtocolError as error:
            ending = self._ended(error.outcome, error.detail)
        events: list[Event] = [Replied(data=b"".join(replies))] if replies else []
        if ending is not None:
            self._is_over = True
            events.append(ending)
        return events

    def _take_lines(self, replies: list[bytes]) -> Ending | None:
        while True:
            opening = self._lines.peek(LONGEST_BYTES)
            foreign = recognise(opening, is_first_line=self._commands == 0)
            if foreign is NEED_MORE:
                return None
            if foreign is not None:
                raise ProtocolError(Outcome.WRONG_PROTOCOL, f"{foreign} on a clear-text mail port")
            line = self._lines.next_line()
            if line is NEED_MORE:
                return None
            self._commands += 1
            if self._commands > self._rules.command_limit:
                raise ProtocolError(Outcome.TOO_MANY_COMMANDS, "too many commands before TLS")
            self._total_bytes += len(line) + len(CRLF)
            if self._total_bytes > self._rules.total_limit_bytes:
                raise ProtocolError(Outcome.TOO_MUCH_CLEARTEXT, "too many bytes before TLS")
            answer = self._answer(line)
            if not isinstance(answer, bytes):
                return answer
            replies.append(answer)

    def _upgrade(self, go_ahead: bytes, refusal: bytes) -> Ending:
        # CVE-2011-0411: a byte behind STARTTLS was sent in the clear, possibly by somebody else,
        # and would count as decrypted later. Refusing beats dropping it: the client learns.
        if self._lines.has_rest():
            return Ended(
                data=refusal,
                outcome=Outcome.STARTTLS_INJECTION,
                detail="bytes behind STARTTLS",
            )
        return UpgradeAccepted(data=go_ahead)

    def _unknown_command(self, reply: bytes) -> bytes:
        self._unknown += 1
        if self._unknown >= self._rules.unknown_limit:
            raise ProtocolError(Outcome.TOO_MANY_COMMANDS, "too many unknown commands")
        return reply

    def _ended(self, outcome: Outcome, detail: str) -> Ended:
        match outcome:
            case Outcome.TOO_MANY_COMMANDS | Outcome.TOO_MUCH_CLEARTEXT:
                data = self._goodbye(b"Too many commands before TLS")
            case Outcome.LINE_TOO_LONG:
                data = self._complaint(b"Line too long")
            case Outcome.WRONG_PROTOCOL:
                data = self._complaint(b"This port speaks another protocol")
            case _:
                data = self._complaint(b"Only US-ASCII lines that end in CRLF")
        return Ended(data=data, outcome=outcome, detail=detail)
