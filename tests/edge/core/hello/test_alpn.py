"""Which application protocol is spoken, for every pair of lists."""

import pytest

from edge.core.hello.alpn import FOR_PROTOCOL, choose
from edge.core.protocol import Protocol
from edge.errors import ProtocolError
from edge.outcome import Outcome

AGREED = [
    ((), (), None),
    ((), (b"imap",), None),
    ((b"imap",), (), None),
    ((b"imap",), (b"imap",), b"imap"),
    ((b"h2", b"imap"), (b"imap",), b"imap"),
    ((b"esmtp", b"smtp"), (b"smtp", b"esmtp"), b"smtp"),
    ((b"esmtp",), (b"smtp", b"esmtp"), b"esmtp"),
]


@pytest.mark.parametrize(("offered", "supported", "chosen"), AGREED)
def test_the_servers_order_decides(
    offered: tuple[bytes, ...], supported: tuple[bytes, ...], chosen: bytes | None
) -> None:
    assert choose(offered, supported) == chosen


@pytest.mark.parametrize("offered", [b"h2", b"IMAP", b"imap\0", b"ima", b"\x0a\x0a"])
def test_a_name_that_is_not_ours_is_refused(offered: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        choose((offered,), (b"imap",))
    assert caught.value.outcome is Outcome.ALPN_MISMATCH


@pytest.mark.parametrize(
    "offered", [(b"acme-tls/1",), (b"acme-tls/1", b"h2"), (b"imap", b"acme-tls/1")]
)
def test_a_validation_is_not_for_a_backend(offered: tuple[bytes, ...]) -> None:
    with pytest.raises(ProtocolError):
        choose(offered, FOR_PROTOCOL[Protocol.RAW])


def test_every_protocol_has_an_entry() -> None:
    assert set(FOR_PROTOCOL) == set(Protocol)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FOR_PROTOCOL[Protocol.RAW] = (b"h2",)  # type: ignore[index]
