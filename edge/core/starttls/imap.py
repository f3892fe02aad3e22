"""The IMAP dialogue before TLS (RFC 9051, RFC 3501, RFC 2595)."""

import re
from typing import Final

from edge.core.starttls.events import Ended, Ending
from edge.core.starttls.linedialogue import LineDialogue
from edge.core.starttls.lines import CRLF
from edge.outcome import Outcome

_TAG: Final = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]{1,64}) ")
"""RFC 9051 section 9: 1*(ASTRING-CHAR except "+"); bounded because it is sent back."""

_COMMAND: Final = re.compile(_TAG.pattern + rb"([A-Za-z]{1,32})(?: (.*))?")
"""Tag, command, arguments."""

_LITERAL: Final = re.compile(rb"\{[0-9]*[+-]?\}\Z")
"""RFC 9051 section 4.3, RFC 7888: a line that ends so announces raw bytes to follow."""

_ID_ARGUMENT: Final = re.compile(rb"NIL|\(.*\)", re.IGNORECASE)

_HIDDEN: Final = frozenset({b"STARTTLS", b"LOGINDISABLED", b"SASL-IR", b"LITERAL+", b"LITERAL-"})
"""Capabilities that are not true in the clear phase, or are added by the edge; and AUTH=…"""

_KNOWN: Final = frozenset(
    b"APPEND AUTHENTICATE CHECK CLOSE COMPRESS COPY CREATE DELETE ENABLE EXAMINE EXPUNGE FETCH "
    b"GETACL GETMETADATA GETQUOTA GETQUOTAROOT IDLE LIST LOGIN LSUB MOVE MYRIGHTS NAMESPACE NOTIFY "
    b"RENAME SEARCH SELECT SORT STATUS STORE SUBSCRIBE THREAD UID UNSELECT UNSUBSCRIBE".split()
)
"""Commands that have to wait for TLS. Any other name counts toward the unknown commands."""


class ImapDialogue(LineDialogue):
    """CAPABILITY, NOOP, LOGOUT, ID and STARTTLS; no literals; everything else waits for TLS."""

    __slots__ = ()

    def greeting(self) -> bytes:
        """`* OK` with the capabilities of the clear phase and the backend's banner."""
        banner = self._learnt.banner or self._rules.hostname.encode()
        return b"* OK [CAPABILITY " + self._capabilities() + b"] " + banner + CRLF

    def _answer(self, line: bytes) -> bytes | Ending:
        if _LITERAL.search(line):
            return self._refuse_literal(line)
        command = _COMMAND.fullmatch(line)
        if command is None:
            return self._unknown_command(b"* BAD Invalid command\r\n")
        tag, name, argument = command.groups()
        name = name.upper()
        match name:
            case b"CAPABILITY" | b"NOOP" | b"LOGOUT" | b"STARTTLS" if argument:
                return bytes(tag + b" BAD " + name + b" takes no argument\r\n")
            case b"STARTTLS":
                return self._upgrade(
                    tag + b" OK Begin TLS negotiation now\r\n",
                    tag + b" BAD Nothing may follow STARTTLS before TLS\r\n",
                )
            case b"CAPABILITY":
                untagged = b"* CAPABILITY " + self._capabilities() + CRLF
                return untagged + self._completed(tag, name)
            case b"NOOP":
                return self._completed(tag, name)
            case b"ID" if not _ID_ARGUMENT.fullmatch(argument or b""):
                return bytes(tag + b" BAD ID takes NIL or a list\r\n")
            case b"ID":
                # RFC 2971: nothing that the client says about itself is kept or passed on.
                return b"* ID NIL\r\n" + self._completed(tag, name)
            case b"LOGOUT":
                return Ended(
                    data=b"* BYE Logging out\r\n" + self._completed(tag, name),
                    outcome=Outcome.CLIENT_QUIT,
                    detail="LOGOUT before TLS",
                )
            case _:
                reply = tag + b" NO [PRIVACYREQUIRED] Issue STARTTLS first\r\n"
                return reply if name in _KNOWN else self._unknown_command(reply)

    def _complaint(self, text: bytes) -> bytes:
        return b"* BAD " + text + CRLF

    def _goodbye(self, text: bytes) -> bytes:
        return b"* BYE " + text + CRLF

    @staticmethod
    def _completed(tag: bytes, name: bytes) -> bytes:
        return tag + b" OK " + name + b" completed\r\n"

    @staticmethod
    def _refuse_literal(line: bytes) -> Ended:
        # The bytes of a literal must never be read as commands, and buffering them is a gift to
        # whoever sends them; so the dialogue ends here.
        tag = _TAG.match(line)
        return Ended(
            data=(tag[1] if tag else b"*") + b" BAD No literals before TLS\r\n",
            outcome=Outcome.MALFORMED_LINE,
            detail="a literal before TLS",
        )

    def _capabilities(self) -> bytes:
        offered = [
            capability
            for capability in self._learnt.capabilities
            if (name := capability.upper()) not in _HIDDEN and not name.startswith(b"AUTH=")
        ]
        return b" ".join((*offered, b"STARTTLS", b"LOGINDISABLED"))
