"""The POP3 dialogue before TLS (RFC 1939, RFC 2449, RFC 2595)."""

import re
from typing import Final

from edge.core.starttls.events import Ended, Ending
from edge.core.starttls.linedialogue import LineDialogue
from edge.core.starttls.lines import CRLF
from edge.outcome import Outcome

_TIMESTAMP: Final = re.compile(rb" *<[^>]*>")
"""RFC 1939 section 7: its presence in the greeting offers APOP, a login without TLS."""

_HIDDEN: Final = frozenset({b"USER", b"SASL", b"APOP", b"STLS"})

_KNOWN: Final = frozenset(
    b"APOP AUTH DELE LANG LIST NOOP PASS RETR RSET STAT TOP UIDL USER UTF8".split()
)


class Pop3Dialogue(LineDialogue):
    """CAPA, QUIT and STLS; everything else waits for TLS."""

    __slots__ = ()

    def greeting(self) -> bytes:
        """`+OK` with the backend's banner, without its APOP timestamp."""
        return (b"+OK " + _TIMESTAMP.sub(b"", self._learnt.banner)).rstrip(b" ") + CRLF

    def _answer(self, line: bytes) -> bytes | Ending:
        name, _, argument = line.rstrip(b" ").partition(b" ")
        name = name.upper()
        match name:
            case b"STLS" | b"CAPA" | b"QUIT" if argument:
                return b"-ERR " + name + b" takes no argument\r\n"
            case b"STLS":
                return self._upgrade(
                    b"+OK Begin TLS negotiation now\r\n",
                    b"-ERR Nothing may follow STLS before TLS\r\n",
                )
            case b"CAPA":
                return self._capability_list()
            case b"QUIT":
                return Ended(
                    data=b"+OK Bye\r\n", outcome=Outcome.CLIENT_QUIT, detail="QUIT before TLS"
                )
            case _ if name in _KNOWN:
                return b"-ERR Issue STLS first\r\n"
            case _:
                return self._unknown_command(b"-ERR Issue STLS first\r\n")

    def _complaint(self, text: bytes) -> bytes:
        return b"-ERR " + text + CRLF

    def _goodbye(self, text: bytes) -> bytes:
        return b"-ERR " + text + CRLF

    def _capability_list(self) -> bytes:
        offered = [
            # RFC 1939 section 3: a leading dot is doubled in a multi-line response.
            b"." + line if line.startswith(b".") else line
            for line in self._learnt.capabilities
            if line.partition(b" ")[0].upper() not in _HIDDEN
        ]
        return CRLF.join((b"+OK Capability list follows", *offered, b"STLS", b".", b""))
