"""Texts of other programs and hosts, made fit for a log line and an operator's eyes."""

import os
from typing import Final

MAX_TEXT: Final = 500
"""Characters."""


def printable(text: str | bytes, *, limit: int = MAX_TEXT) -> str:
    """One line of at most `limit` characters; what is not printable is written as an escape."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "backslashreplace")
    escaped = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in text[:limit].strip()
    )
    is_cut = len(escaped) > limit or len(text) > limit
    return f"{escaped[: limit - 1]}…" if is_cut else escaped


def os_words(error: OSError) -> str:
    """`connection refused` for the error behind a failed connection."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return printable(error.strerror or str(error) or type(error).__name__).lower()
