"""Every byte of the client in a segment of its own, the ClientHello and each record too.

Wherever TCP cuts a stream, the session is the same one.
"""

import pytest

from tests.support.clear import GO_AHEAD, STARTTLS, ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import GREETINGS
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

SESSIONS = {
    "smtp": [
        (b"EHLO client.example.org\r\n", b"250 8BITMIME\r\n"),
        (b"MAIL FROM:<a@example.org>\r\n", b"250 2.0.0 fine\r\n"),
        (b"QUIT\r\n", b"221 2.0.0 bye\r\n"),
    ],
    "imap": [
        (b"a CAPABILITY\r\n", b"a OK done\r\n"),
        (b"b NOOP\r\n", b"b OK done\r\n"),
        (b"c LOGOUT\r\n", b"c OK done\r\n"),
    ],
}


class Drip:
    """A socket whose `sendall` makes a segment of each byte; TCP_NODELAY is on."""

    def __init__(self, client: ClearClient) -> None:
        self._sock = client.sock
        self.segments = 0

    def sendall(self, data: bytes) -> None:
        for byte in data:
            self._sock.sendall(bytes([byte]))
            self.segments += 1

    def recv(self, limit: int) -> bytes:
        return self._sock.recv(limit)


def dripping(client: ClearClient, pki: Pki) -> tuple[Drip, TlsPeer]:
    drip = Drip(client)
    peer = TlsPeer(client.sock, pki.client_context(), HOSTNAME)
    peer.sock = drip  # type: ignore[assignment]  # the two methods that a peer uses
    return drip, peer.handshake()


def converse(peer: TlsPeer, protocol: str) -> None:
    for line, last in SESSIONS[protocol]:
        peer.send(line)
        while (answer := peer.line()) != last:
            assert answer, f"no {last!r}"
    assert peer.rest() == b""


@pytest.mark.parametrize("protocol", SESSIONS)
def test_starttls(protocol: str, stage: Stage, pki: Pki) -> None:
    role = stage[protocol]
    scene = role.scene()
    with ClearClient(role.starttls) as client:
        client.greeting(protocol)
        slow = Drip(client)
        hello = b"EHLO client.example.org\r\n" if protocol == "smtp" else b"x CAPABILITY\r\n"
        slow.sendall(hello)
        client.until(b"250 " if protocol == "smtp" else b"x OK")
        slow.sendall(STARTTLS[protocol])
        assert client.line().startswith(GO_AHEAD[protocol])
        drip, peer = dripping(client, pki)
        converse(peer, protocol)
        assert drip.segments > 400, "a handshake and three lines"
    sent = b"".join(line for line, _ in SESSIONS[protocol])
    assert bytes(scene.client().received) == sent
    record = stage.edge.closed(client.address)
    assert record["bytes_in"] == len(sent)
    assert record["outcome"] == "backend_closed"
    assert stage.edge.established(client.address)["ja4"] != "-"


@pytest.mark.parametrize("protocol", SESSIONS)
def test_implicit_tls(protocol: str, stage: Stage, pki: Pki) -> None:
    role = stage[protocol]
    scene = role.scene()
    with ClearClient(role.tls) as client:
        _, peer = dripping(client, pki)
        assert peer.line() == GREETINGS[protocol]
        converse(peer, protocol)
    assert bytes(scene.client().received) == b"".join(line for line, _ in SESSIONS[protocol])
    assert stage.edge.closed(client.address)["outcome"] == "backend_closed"
