"""Credentials in the clear are refused with the protocol's "TLS first", and forwarded to nobody.

Once a client has said them they are lost; but the backend must not make that useful.
"""

import pytest

from tests.support.clear import MAIL_PROTOCOLS, ClearClient
from tests.support.stage import Stage

ATTEMPTS = [
    ("smtp", b"AUTH PLAIN AHVzZXIAc2VjcmV0\r\n", b"530 5.7.0"),
    ("smtp", b"MAIL FROM:<a@example.org>\r\n", b"530 5.7.0"),
    ("imap", b"a LOGIN user secret\r\n", b"a NO [PRIVACYREQUIRED]"),
    ("imap", b"a AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n", b"a NO [PRIVACYREQUIRED]"),
    ("pop3", b"USER user\r\n", b"-ERR"),
    ("pop3", b"AUTH PLAIN AHVzZXIAc2VjcmV0\r\n", b"-ERR"),
    ("pop3", b"APOP user c4c9334bac560ecc979e58001b3e22fb\r\n", b"-ERR"),
    ("sieve", b'AUTHENTICATE "PLAIN" "AHVzZXIAc2VjcmV0"\r\n', b"NO (ENCRYPT-NEEDED)"),
]
CAPABILITIES = {
    "smtp": (b"EHLO x\r\n", b"250 ", [b"AUTH"], b"STARTTLS"),
    "imap": (b"a CAPABILITY\r\n", b"a OK", [b"AUTH=", b"SASL-IR"], b"STARTTLS"),
    "pop3": (b"CAPA\r\n", b".", [b"USER", b"SASL"], b"STLS"),
    "sieve": (b"CAPABILITY\r\n", b"OK", [b"PLAIN"], b'"STARTTLS"'),
}


@pytest.mark.parametrize(("protocol", "command", "answer"), ATTEMPTS)
def test_refused(protocol: str, command: bytes, answer: bytes, stage: Stage) -> None:
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.send(command)
        assert client.line().startswith(answer)
        # The session goes on: TLS is what the client is asked for.
        client.starttls(protocol)
    assert scene.clients(client.ip) == []


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_not_offered(protocol: str, stage: Stage) -> None:
    command, end, absent, present = CAPABILITIES[protocol]
    with ClearClient(stage[protocol].starttls) as client:
        greeting = client.greeting(protocol)
        client.send(command)
        offered = client.until(end)
    for text in (greeting, offered):
        assert not [word for word in absent if word in text and word != b"SASL-IR"], text
    assert present in offered
    if protocol == "imap":
        assert b"LOGINDISABLED" in offered
