"""Nothing of the backend reaches the client between the go-ahead and the end of the handshake.

A client that takes plaintext for a part of its TLS session would be deceived by it. The captured
bytes must be: greeting, go-ahead line, then TLS records only.
"""

import pytest

from tests.support.clear import MAIL_PROTOCOLS, ClearClient
from tests.support.fake_backend import Conversation
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import GREETINGS, SIEVE_BEHIND_STARTTLS
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

NOISE = {
    "smtp": b"421 4.3.0 going down\r\n",
    "imap": b"* ALERT something\r\n* BYE going down\r\n",
    "pop3": b"-ERR going down\r\n",
    "sieve": b'BYE "going down"\r\n',
}


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_only_tls_follows_the_go_ahead(protocol: str, stage: Stage, pki: Pki) -> None:
    noise = NOISE[protocol] + b"x" * 65536 + b"\r\n"

    def noisy(one: Conversation) -> None:
        # The greeting is good; in the same segment and behind it comes what nobody asked for.
        one.send(GREETINGS[protocol] + noise)
        one.drain()

    with stage[protocol].play(noisy), ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.starttls(protocol)
        peer = TlsPeer(client.sock, pki.client_context(), HOSTNAME).handshake()
        assert peer.raw_in[:2] == b"\x16\x03", bytes(peer.raw_in[:100])
        # Inside TLS the backend may say what it likes.
        said = b""
        while not said.endswith(noise):
            said += peer.receive()
        assert b"going down" not in bytes(peer.raw_in)
        expected = SIEVE_BEHIND_STARTTLS if protocol == "sieve" else b""
        assert said == expected + noise


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_silence_until_the_client_begins(protocol: str, stage: Stage, pki: Pki) -> None:
    """No backend connection exists while the client hesitates: there is nothing to inject."""
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.starttls(protocol)
        assert scene.clients(client.ip) == []
        client.tls(pki.client_context(), HOSTNAME)
        assert scene.client(client.ip).header is not None
