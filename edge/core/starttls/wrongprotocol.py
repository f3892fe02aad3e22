"""Recognises clients that do not speak a mail protocol at all.

A TLS client on a clear-text port is a user with the wrong setting. An HTTP request is either that
or a browser that was tricked into talking to a mail port (ALPACA); its verb may come first on any
line, behind bytes the attacker chose.
"""

from enum import StrEnum
from typing import Final

from edge.errors import NEED_MORE, NeedMore


class Foreign(StrEnum):
    """A protocol that has no place on a clear-text mail port."""

    TLS = "TLS"
    HTTP = "HTTP"
    RDP = "RDP"
    SSH = "SSH"


LONGEST_BYTES: Final = 10
"""How much of a line `recognise` wants to see."""

_HTTP: Final = (
    b"GET ",
    b"POST ",
    b"PUT ",
    b"HEAD ",
    b"OPTIONS ",
    b"CONNECT ",
    b"DELETE ",
    b"PATCH ",
    b"TRACE ",
    b"PROPFIND ",
    b"PRI * HTTP",
)


def recognise(opening: bytes, *, is_first_line: bool) -> Foreign | NeedMore | None:
    """The foreign protocol that a line beginning with `opening` belongs to; None: none of them.

    `NEED_MORE` only when one more byte decides. Source: RFC 8446 section 5.1 (record header),
    RFC 9110 section 9, RFC 9113 section 3.4, RFC 4253 section 4.2, RFC 1006 (TPKT, used by RDP).
    """
    if opening.startswith(_HTTP):
        return Foreign.HTTP
    if not is_first_line:
        return None
    if opening.startswith((b"\x16", b"\x03")):
        if len(opening) == 1:
            return NEED_MORE
        if opening.startswith(b"\x16\x03"):
            return Foreign.TLS
        return Foreign.RDP if opening.startswith(b"\x03\x00") else None
    return Foreign.SSH if opening.startswith(b"SSH-") else None
