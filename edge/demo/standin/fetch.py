"""IMAP FETCH for the stand-in: which messages a set names, and the answer for one message."""

import re
from collections.abc import Sequence
from typing import Final

from edge.demo.standin.account import Message

_ITEM = re.compile(rb"[A-Z0-9.]+(?:\[[A-Z]*\])?(?:<\d+\.\d+>)?")
_MACROS: Final = {
    b"ALL": b"FLAGS INTERNALDATE RFC822.SIZE",
    b"FAST": b"FLAGS INTERNALDATE RFC822.SIZE",
    b"FULL": b"FLAGS INTERNALDATE RFC822.SIZE",
}
_NUMBER_DIGITS: Final = 9


def numbers_of(wanted: bytes, messages: Sequence[Message], *, by_uid: bool) -> list[int]:
    """The message numbers, ascending, that a set (`1:3,7,*`) names; by UID or by number."""
    keys = [each.uid if by_uid else number for number, each in enumerate(messages, 1)]
    chosen: set[int] = set()
    for part in wanted.split(b","):
        first, _, last = part.partition(b":")
        ends = sorted((_end(first, keys), _end(last or first, keys)))
        chosen.update(number for number, key in enumerate(keys, 1) if ends[0] <= key <= ends[1])
    return sorted(chosen)


def fetch_line(number: int, message: Message, items: bytes, *, by_uid: bool) -> bytes | None:
    """`* N FETCH (…)` without its last CRLF; None when an item is not known here."""
    asked = items.upper().strip(b"() ")
    names = _ITEM.findall(_MACROS.get(asked, asked))
    if by_uid and b"UID" not in names:
        names.insert(0, b"UID")
    values = [_value(name, message) for name in names]
    if not names or None in values:
        return None
    return b"* %d FETCH (%s)" % (number, b" ".join(each for each in values if each is not None))


def _end(text: bytes, keys: list[int]) -> int:
    if text == b"*":
        return keys[-1] if keys else 0
    # A number as long as a line would make int() slow, or raise.
    return int(text) if text.isdigit() and len(text) <= _NUMBER_DIGITS else 0


def _value(name: bytes, message: Message) -> bytes | None:
    match name:
        case b"UID":
            return b"UID %d" % message.uid
        case b"FLAGS":
            return b"FLAGS ()"
        case b"INTERNALDATE":
            return b'INTERNALDATE "01-Jan-2026 00:00:00 +0000"'
        case b"RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(message.content)
        case b"RFC822":
            return _literal(name, message.content)
        case b"RFC822.HEADER" | b"BODY[HEADER]" | b"BODY.PEEK[HEADER]":
            return _literal(name, message.header)
        case b"RFC822.TEXT" | b"BODY[TEXT]" | b"BODY.PEEK[TEXT]" | b"BODY[1]":
            return _literal(name, message.text)
        case b"BODY[]" | b"BODY.PEEK[]":
            return _literal(name, message.content)
        case _:
            return None


def _literal(name: bytes, content: bytes) -> bytes:
    return b"%s {%d}\r\n%s" % (name.replace(b".PEEK", b""), len(content), content)
