"""What may reach the terminal: text made harmless, colours only where they are wanted."""

import os
import signal
import sys
from dataclasses import dataclass
from typing import TextIO


def printable(text: str | bytes) -> str:
    """Text from elsewhere on one line, with every character a terminal may act upon escaped.

    Control characters (ESC, and U+009B of the C1 set), line separators and the bidirectional
    overrides (U+202E) are all not printable by Unicode's categories.
    """
    if isinstance(text, bytes):
        text = text.decode(errors="backslashreplace")
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


class Output:
    """A stream until its reader goes away (`| head`); from then on nothing, and a SIGHUP to us."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write at once."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # What is buffered must go somewhere, or Python complains at its own last flush.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            signal.raise_signal(signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """ANSI colours, or nothing at all."""

    is_coloured: bool

    def bold(self, text: str) -> str:
        """What to look at first."""
        return self._wrapped("1", text)

    def dim(self, text: str) -> str:
        """What is there for reference."""
        return self._wrapped("2", text)

    def good(self, text: str) -> str:
        """Green."""
        return self._wrapped("32", text)

    def warning(self, text: str) -> str:
        """Yellow."""
        return self._wrapped("33", text)

    def _wrapped(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_coloured else text


def style_of_stdout() -> Style:
    """Colours when standard output is a terminal and NO_COLOR is not set (no-color.org)."""
    return Style(is_coloured=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
