"""Runs a reader over given reads and says what came of it."""

from collections.abc import Iterable
from pathlib import Path

from edge.core.hello.clienthello import ClientHello
from edge.core.hello.parser import parse_client_hello
from edge.core.hello.reader import HelloReader
from edge.errors import NEED_MORE, NeedMore, ProtocolError
from edge.outcome import Outcome

_VECTORS = Path(__file__).parents[3] / "vectors"
CLIENT_HELLOS = {path.stem: path.read_bytes() for path in _VECTORS.glob("clienthello/*.bin")}
SERVER_FLIGHTS = {path.stem: path.read_bytes() for path in _VECTORS.glob("serverhello/*.bin")}

Refusal = tuple[Outcome, str]


def read(*parts: bytes) -> ClientHello | NeedMore | Refusal:
    """Feed `parts` until one gives a result; a refusal is its outcome and detail."""
    return read_each(parts)


def read_each(
    parts: Iterable[bytes], reader: HelloReader | None = None
) -> ClientHello | NeedMore | Refusal:
    reader = reader or HelloReader()
    for part in parts:
        try:
            body = reader.feed(part)
            if body is not NEED_MORE:
                return parse_client_hello(body)
        except ProtocolError as error:
            return error.outcome, error.detail
    return NEED_MORE


def hello_of(*parts: bytes) -> ClientHello:
    """The hello that `parts` must give."""
    hello = read(*parts)
    assert isinstance(hello, ClientHello), hello
    return hello


def outcome_of(*parts: bytes) -> Outcome:
    """The outcome with which `parts` must be refused."""
    refusal = read(*parts)
    assert isinstance(refusal, tuple), refusal
    return refusal[0]
