"""The ManageSieve dialogue before TLS (RFC 5804)."""

import re
from typing import Final

from edge.core.starttls.events import Ended, Ending
from edge.core.starttls.linedialogue import LineDialogue
from edge.core.starttls.lines import CRLF
from edge.outcome import Outcome

_COMMAND: Final = re.compile(rb"([A-Za-z]{1,32})(?: (.*))?")

_LITERAL: Final = re.compile(rb"\{[0-9]*[+-]?\}\Z")
"""RFC 5804 section 4: a line that ends so announces raw bytes to follow."""

_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\["\\]){0,256}"')
"""RFC 5804 section 4, `quoted`; bounded because NOOP sends it back."""

_HIDDEN: Final = (b'"SASL"', b'"STARTTLS"')

_KNOWN: Final = frozenset(
    b"AUTHENTICATE CHECKSCRIPT DELETESCRIPT GETSCRIPT HAVESPACE LISTSCRIPTS PUTSCRIPT RENAMESCRIPT "
    b"SETACTIVE UNAUTHENTICATE".split()
)


class SieveDialogue(LineDialogue):
    """CAPABILITY, NOOP, LOGOUT and STARTTLS; no literals; everything else waits for TLS."""

    __slots__ = ()

    def greeting(self) -> bytes:
        """The capability block of the clear phase, with the backend's closing text."""
        closing = b'OK "' + self._learnt.banner + b'"' if self._learnt.banner else b"OK"
        return self._capabilities() + closing + CRLF

    def _answer(self, line: bytes) -> bytes | Ending:
        if _LITERAL.search(line):
            return Ended(
                data=b'NO "No literals before TLS"\r\n',
                outcome=Outcome.MALFORMED_LINE,
                detail="a literal before TLS",
            )
        command = _COMMAND.fullmatch(line)
        if command is None:
            return self._unknown_command(b'NO "Invalid command"\r\n')
        name, argument = command[1].upper(), command[2] or b""
        match name:
            case b"STARTTLS" | b"CAPABILITY" | b"LOGOUT" if argument:
                return bytes(b'NO "' + name + b' takes no argument"\r\n')
            case b"STARTTLS":
                return self._upgrade(
                    b'OK "Begin TLS negotiation now"\r\n',
                    b'NO "Nothing may follow STARTTLS before TLS"\r\n',
                )
            case b"CAPABILITY":
                return self._capabilities() + b'OK "Capability completed"\r\n'
            case b"NOOP" if not argument:
                return b'OK "Done"\r\n'
            case b"NOOP" if _QUOTED.fullmatch(argument):
                return bytes(b"OK (TAG " + argument + b') "Done"\r\n')
            case b"NOOP":
                return b'NO "NOOP takes one short string"\r\n'
            case b"LOGOUT":
                return Ended(
                    data=b'OK "Logout completed"\r\n',
                    outcome=Outcome.CLIENT_QUIT,
                    detail="LOGOUT before TLS",
                )
            case _:
                reply = b'NO (ENCRYPT-NEEDED) "Issue STARTTLS first"\r\n'
                return reply if name in _KNOWN else self._unknown_command(reply)

    def _complaint(self, text: bytes) -> bytes:
        return b'NO "' + text + b'"\r\n'

    def _goodbye(self, text: bytes) -> bytes:
        return b'BYE "' + text + b'"\r\n'

    def _capabilities(self) -> bytes:
        offered = [
            line for line in self._learnt.capabilities if not line.upper().startswith(_HIDDEN)
        ]
        # RFC 5804 section 1.7: SASL is always there, empty when no mechanism may be used yet.
        return CRLF.join((*offered, b'"SASL" ""', b'"STARTTLS"', b""))
