"""The SMTP dialogue before TLS (RFC 5321, RFC 3207): submission, and an MX."""

from typing import Final

from edge.core.protocol import Learnt
from edge.core.starttls.events import Ended, Ending, PlainOpening, PlaintextChosen
from edge.core.starttls.linedialogue import LineDialogue
from edge.core.starttls.lines import CRLF, is_ascii_text
from edge.core.starttls.rules import ClearRules
from edge.outcome import Outcome

_HIDDEN: Final = (b"AUTH ", b"AUTH=", b"STARTTLS ", b"XCLIENT ", b"XFORWARD ")
"""Keywords that must not be offered in the clear, as the beginning of keyword plus space."""

_FORWARDED: Final = frozenset(
    {b"MAIL", b"RCPT", b"DATA", b"BDAT", b"VRFY", b"EXPN", b"HELP", b"ETRN"}
)
"""The verbs by which a client of an MX goes on without TLS.

An allow-list: the line behind a refused AUTH may be a credential, and must not be forwarded.
"""

_EIGHT_BIT: Final = bytes(range(0x80, 0x100))
_TLS_FIRST: Final = b"530 5.7.0 Must issue a STARTTLS command first\r\n"


def _is_mx_text(line: bytes) -> bool:
    # RFC 6531: MAIL may carry a UTF-8 address. The edge never interprets that line, the backend
    # does. Every other line is judged like anywhere else.
    if is_ascii_text(line):
        return True
    return line[:5].upper() == b"MAIL " and is_ascii_text(line.translate(None, _EIGHT_BIT))


class SmtpDialogue(LineDialogue):
    """EHLO, HELO, NOOP, RSET, QUIT and STARTTLS; anything else depends on `require_tls`.

    STARTTLS needs no EHLO before it: RFC 3207 does not ask for one.
    """

    __slots__ = ("_ehlo",)

    def __init__(self, learnt: Learnt, rules: ClearRules) -> None:
        super().__init__(learnt, rules, is_text=is_ascii_text if rules.require_tls else _is_mx_text)
        self._ehlo: bytes | None = None

    def greeting(self) -> bytes:
        """`220` with the backend's banner."""
        return b"220 " + (self._learnt.banner or self._hostname()) + CRLF

    def _answer(self, line: bytes) -> bytes | Ending:
        # RFC 5321 section 4.1.1: white space before CRLF is to be tolerated.
        verb, _, argument = line.rstrip(b" \t").partition(b" ")
        verb = verb.upper()
        match verb:
            case b"EHLO" | b"HELO" if not argument:
                return b"501 5.5.4 " + verb + b" needs a name\r\n"
            case b"EHLO":
                self._ehlo = line + CRLF
                return self._ehlo_reply()
            case b"HELO":
                self._ehlo = line + CRLF
                return b"250 " + self._own_name() + CRLF
            case b"NOOP":
                return b"250 2.0.0 OK\r\n"
            case b"STARTTLS" | b"RSET" | b"QUIT" if argument:
                return b"501 5.5.4 " + verb + b" takes no argument\r\n"
            case b"STARTTLS":
                return self._upgrade(
                    b"220 2.0.0 Ready to start TLS\r\n",
                    b"501 5.5.2 Nothing may follow STARTTLS before TLS\r\n",
                )
            case b"RSET":
                return b"250 2.0.0 OK\r\n"
            case b"QUIT":
                return Ended(
                    data=b"221 2.0.0 " + self._hostname() + b" closing connection\r\n",
                    outcome=Outcome.CLIENT_QUIT,
                    detail="QUIT before TLS",
                )
            case b"AUTH":
                return _TLS_FIRST
            case _ if verb in _FORWARDED:
                return _TLS_FIRST if self._rules.require_tls else self._go_on(line)
            case _ if self._rules.require_tls:
                return self._unknown_command(_TLS_FIRST)
            case _:
                return self._unknown_command(b"500 5.5.1 Command not recognised\r\n")

    def _complaint(self, text: bytes) -> bytes:
        return b"500 5.5.2 " + text + CRLF

    def _goodbye(self, text: bytes) -> bytes:
        return b"421 4.7.0 " + self._hostname() + b" " + text + CRLF

    def _go_on(self, line: bytes) -> Ending:
        pending = line + CRLF + self._lines.rest()
        return PlaintextChosen(opening=PlainOpening(ehlo=self._ehlo, pending=pending))

    def _ehlo_reply(self) -> bytes:
        offered = [
            keyword
            for keyword in self._learnt.capabilities
            if not (keyword + b" ").upper().startswith(_HIDDEN)
        ]
        return (
            b"\r\n250-".join((b"250-" + (self._learnt.ehlo or self._hostname()), *offered))
            + b"\r\n250 STARTTLS\r\n"
        )

    def _own_name(self) -> bytes:
        """The backend's own name: the first word of its EHLO reply."""
        return self._learnt.ehlo.partition(b" ")[0] or self._hostname()

    def _hostname(self) -> bytes:
        return self._rules.hostname.encode()
