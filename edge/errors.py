"""The two things a parser says when it has no value yet: need more, or the peer broke the rules.

Every parser and every dialogue of `edge.core` has exactly three results: a value, `NeedMore`, or
`ProtocolError`. Nothing else may come out of one, whatever bytes went in.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from edge.outcome import Outcome


class ProtocolError(Exception):
    """The peer broke a rule of its protocol, or a bound of ours.

    `outcome` is what the connection's record will say; `detail` is one short English phrase, for
    the log only. It never contains bytes from the network.
    """

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(f"{outcome.value}: {detail}")
        self.outcome = outcome
        self.detail = detail


class _NeedMore(Enum):
    TOKEN = auto()


NeedMore = _NeedMore
"""The type of `NEED_MORE`, for annotations: `-> ClientHello | NeedMore`."""

NEED_MORE: Final = _NeedMore.TOKEN
"""The bytes so far are a valid beginning; feed more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in the operator's input: where, what, and what to do about it."""

    place: str
    message: str
    remedy: str
