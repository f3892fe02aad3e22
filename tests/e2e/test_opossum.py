"""An implicit-TLS client that an attacker joins to a STARTTLS port notices before it says a word.

Opossum (https://opossum-attack.com) shifts a client's requests against the server's responses. A
client of implicit TLS waits for a greeting, and behind STARTTLS there is none to get: the two never
come to be one response apart. ManageSieve sends its capabilities in both cases (RFC 5804 2.2), so
that the two sessions begin alike.
"""

import pytest

from tests.support.clear import ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import GREETINGS, SIEVE_BEHIND_STARTTLS
from tests.support.stage import Stage

SILENCE_S = 0.5


@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3"])
def test_no_greeting_comes(protocol: str, stage: Stage, pki: Pki) -> None:
    scene = stage[protocol].scene()
    # The attacker does the clear part, and joins the victim's TLS to it.
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.starttls(protocol)
        victim = client.tls(pki.client_context(), HOSTNAME)
        assert scene.client(client.ip).header is not None
        client.sock.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            victim.receive()


def test_sieve_begins_alike(stage: Stage, pki: Pki) -> None:
    with ClearClient(stage["sieve"].starttls) as client:
        client.greeting("sieve")
        client.starttls("sieve")
        joined = client.tls(pki.client_context(), HOSTNAME).receive()
    with ClearClient(stage["sieve"].tls) as client:
        direct = client.tls(pki.client_context(), HOSTNAME).receive()
    # The edge leaves STARTTLS out where it has done it, and does not look where it has not.
    assert joined == SIEVE_BEHIND_STARTTLS
    assert direct == GREETINGS["sieve"]
