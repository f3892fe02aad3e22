"""The clear-text dialogue as the shell sees it, whatever the protocol."""

import typing

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.events import Event
from edge.core.starttls.imap import ImapDialogue
from edge.core.starttls.pop3 import Pop3Dialogue
from edge.core.starttls.rules import ClearRules as ClearRules
from edge.core.starttls.sieve import SieveDialogue
from edge.core.starttls.smtp import SmtpDialogue


class Dialogue(typing.Protocol):
    """Speaks the backend's part to one client until TLS starts, or does not."""

    def greeting(self) -> bytes:
        """The bytes to write as soon as the client is connected."""

    def feed(self, data: bytes) -> list[Event]:
        """Take what the client sent; RuntimeError once the dialogue is over.

        Only the last event of a list can end the dialogue.
        """


def open_dialogue(learnt: Learnt, rules: ClearRules) -> Dialogue:
    """The dialogue of a mail protocol; ValueError for a protocol without a clear phase."""
    match learnt.protocol:
        case Protocol.SMTP:
            return SmtpDialogue(learnt, rules)
        case Protocol.IMAP:
            return ImapDialogue(learnt, rules)
        case Protocol.POP3:
            return Pop3Dialogue(learnt, rules)
        case Protocol.SIEVE:
            return SieveDialogue(learnt, rules)
        case Protocol.HTTP | Protocol.RAW:
            raise ValueError(f"{learnt.protocol} has no clear phase")
        case _:
            typing.assert_never(learnt.protocol)
