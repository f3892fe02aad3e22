"""Hellos that were understood before: the clients of one host are a few dozen programs.

Two hellos of one program differ in the random, the session id and the contents of a few extensions,
none of which a `ClientHello` speaks of. So a hello that equals a known one in all other bytes, at
the same places, means the same: it is not parsed again, nor fingerprinted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from edge.core.hello.clienthello import ClientHello
from edge.core.hello.ja4 import ja4
from edge.core.hello.parser import parse_client_hello

_SESSION_ID_AT: Final = 34
_SESSION_TICKET: Final = 0x0023
_PRE_SHARED_KEY: Final = 0x0029
_KEY_SHARE: Final = 0x0033
_ENCRYPTED_CLIENT_HELLO: Final = 0xFE0D
_VARYING: Final = frozenset({_SESSION_TICKET, _PRE_SHARED_KEY, _KEY_SHARE, _ENCRYPTED_CLIENT_HELLO})
"""Extensions whose contents are new each time, and which no field of `ClientHello` is made from."""
_REMEMBERED_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHello:
    """A hello with its JA4 fingerprint."""

    hello: ClientHello
    ja4: str


class _Layout:
    """Hellos of one length whose varying bytes are at the same places."""

    __slots__ = ("known", "steady", "steady_of")

    def __init__(self, steady: tuple[slice, ...]) -> None:
        self.steady = steady
        self.steady_of: Callable[[bytes], tuple[bytes, ...]] = itemgetter(*steady)
        self.known: dict[tuple[bytes, ...], KnownHello] = {}


class HelloMemory:
    """Parses hellos. Bounded: at `capacity` hellos it begins anew, and a long one is not kept."""

    __slots__ = ("_capacity", "_count", "_layouts")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._count = 0
        # By the length of the body and of its session id, which decide where everything else is.
        self._layouts: dict[tuple[int, int], _Layout] = {}

    def parse(self, body: bytes) -> KnownHello:
        """As `parse_client_hello` does, with the fingerprint.

        Raises ProtocolError(HELLO_INVALID).
        """
        if len(body) <= _SESSION_ID_AT:
            return _understood(body)
        key = (len(body), body[_SESSION_ID_AT])
        layout = self._layouts.get(key)
        if layout is not None:
            known = layout.known.get(layout.steady_of(body))
            if known is not None:
                return known
        known = _understood(body)
        if len(body) <= _REMEMBERED_BYTES:
            self._remember(key, body, known)
        return known

    def _remember(self, key: tuple[int, int], body: bytes, known: KnownHello) -> None:
        if self._count >= self._capacity:
            self._layouts.clear()
            self._count = 0
        steady = _steady_parts(body)
        layout = self._layouts.get(key)
        if layout is None or layout.steady != steady:
            self._count -= len(layout.known) if layout is not None else 0
            layout = self._layouts[key] = _Layout(steady)
        layout.known[layout.steady_of(body)] = known
        self._count += 1


def _understood(body: bytes) -> KnownHello:
    hello = parse_client_hello(body)
    return KnownHello(hello=hello, ja4=ja4(hello))


def _steady_parts(body: bytes) -> tuple[slice, ...]:
    """All of a well-formed hello but the bytes that are new each time: two parts or more."""
    parts = [slice(0, 2)]
    begin = at = _SESSION_ID_AT + 1 + body[_SESSION_ID_AT]
    at += 2 + int.from_bytes(body[at : at + 2], "big")
    at += 1 + body[at]
    at += 2
    while at < len(body):
        kind, size = (
            int.from_bytes(body[at : at + 2], "big"),
            int.from_bytes(body[at + 2 : at + 4], "big"),
        )
        at += 4
        if kind in _VARYING:
            parts.append(slice(begin, at))
            begin = at + size
        at += size
    parts.append(slice(begin, len(body)))
    return tuple(parts)
