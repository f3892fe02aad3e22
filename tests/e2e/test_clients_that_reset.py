"""A client that resets at any moment takes only its own connection with it.

The reset races with the alert or the line that the edge is writing just then, so each is tried many
times. What counts is that the listener still serves afterwards; the log is looked at in the end.
"""

import socket

import pytest

from tests.support.clear import STARTTLS, ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

TIMES = 150
AT_ONCE = b"\1\0\0\0\0\0\0\0"
"""struct linger: on, for no second. close() sends a reset."""

# A ClientHello of TLS 1.0 with one suite: refused with an alert as soon as it is there.
OLD_HELLO = bytes.fromhex("160301002d010000290301") + b"r" * 32 + bytes.fromhex("000002002f0100")
WORDS = {
    "nothing": b"",
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "old-hello": OLD_HELLO,
    "starttls": STARTTLS["smtp"],
    "injection": STARTTLS["smtp"] + b"NOOP\r\n",
    "quit": b"QUIT\r\n",
    "hello": None,
}


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize("words", WORDS)
def test_reset(words: str, mode: str, stage: Stage, pki: Pki) -> None:
    port = stage["smtp"].port(mode)
    said = WORDS[words]
    for _ in range(TIMES):
        with ClearClient(port) as client:
            if said is None:
                said = TlsPeer(client.sock, pki.client_context(), HOSTNAME).first_flight()
            client.send(said)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    with ClearClient(port) as client:
        if mode == "starttls":
            client.greeting("smtp")
            client.starttls("smtp")
        client.tls(pki.client_context(), HOSTNAME)
