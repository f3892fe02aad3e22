"""What a clear-text dialogue tells the shell to do."""

from dataclasses import dataclass

from edge.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainOpening:
    """What a client of an MX said before it went on without TLS.

    `ehlo` is its last EHLO or HELO line, verbatim with CRLF, None when it sent none. `pending` is
    every byte from the first command that the edge did not answer itself, verbatim.
    """

    ehlo: bytes | None
    pending: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """Write `data` to the client and go on reading."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeAccepted:
    """Write `data`, one line; every later byte of the client belongs to the TLS layer.

    The dialogue guarantees that it has seen no byte behind STARTTLS and keeps none.
    """

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaintextChosen:
    """The client of an MX goes on in the clear: dial the backend and replay `opening`."""

    opening: PlainOpening


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Write `data`, then close. `detail` is for the log and holds no bytes of the client."""

    data: bytes
    outcome: Outcome
    detail: str


Ending = UpgradeAccepted | PlaintextChosen | Ended
"""The events after which a dialogue is over."""

Event = Replied | Ending
