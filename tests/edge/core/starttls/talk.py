"""Runs a dialogue over given reads and says what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.core.protocol import Learnt
from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import (
    Ended,
    Ending,
    Event,
    PlaintextChosen,
    Replied,
    UpgradeAccepted,
)
from edge.core.starttls.rules import ClearRules
from tests.edge.core.starttls.backends import MUST_TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """`replies`: all that was answered before the ending. `unfed`: reads never looked at."""

    replies: bytes
    ending: Ending | None
    unfed: bytes

    @property
    def written(self) -> bytes:
        """Every byte that the client gets, the ending's included."""
        match self.ending:
            case UpgradeAccepted(data=data) | Ended(data=data):
                return self.replies + data
            case _:
                return self.replies


def talk(learnt: Learnt, *reads: bytes, rules: ClearRules = MUST_TLS) -> Talk:
    """Feed `reads` until the dialogue ends; checks the shape of every event list on the way."""
    dialogue = open_dialogue(learnt, rules)
    replies = b""
    for number, read in enumerate(reads, start=1):
        events = dialogue.feed(read)
        check_shape(events)
        for event in events:
            if isinstance(event, Replied):
                replies += event.data
            else:
                return Talk(replies=replies, ending=event, unfed=b"".join(reads[number:]))
    return Talk(replies=replies, ending=None, unfed=b"")


def check_shape(events: Sequence[Event]) -> None:
    """At most one Replied, then at most one ending; nothing else, nothing empty."""
    kinds = [type(event) for event in events]
    assert kinds[:1] in ([], [Replied], [UpgradeAccepted], [PlaintextChosen], [Ended])
    assert kinds[1:] in ([], [UpgradeAccepted], [PlaintextChosen], [Ended])
    assert all(event.data for event in events if isinstance(event, Replied))


def each_byte(data: bytes) -> Iterable[bytes]:
    """`data` in reads of one byte."""
    return (data[i : i + 1] for i in range(len(data)))


def ended(result: Talk) -> Ended:
    """The ending, which must be `Ended`."""
    assert isinstance(result.ending, Ended)
    return result.ending
