"""Nothing said before TLS survives it (RFC 3207 section 4.2): the backend meets a new client."""

import pytest

from tests.support.clear import ClearClient
from tests.support.hosts import RecorderHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage


def test_mail_needs_a_new_ehlo(recorder_host: RecorderHost, pki: Pki) -> None:
    with ClearClient(recorder_host.submission) as client:
        client.greeting("smtp")
        client.send(b"EHLO before.example.org\r\n")
        client.reply()
        client.starttls("smtp")
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(b"MAIL FROM:<a@example.org>\r\n")
        assert peer.line().startswith(b"503 ")


def test_an_envelope_from_before_is_gone(recorder_host: RecorderHost, pki: Pki) -> None:
    with ClearClient(recorder_host.submission) as client:
        client.greeting("smtp")
        client.send(b"EHLO before.example.org\r\n")
        client.reply()
        client.send(b"MAIL FROM:<mallory@example.org>\r\n")
        assert client.reply().startswith(b"530 5.7.0")
        client.starttls("smtp")
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(b"EHLO after.example.org\r\n")
        while peer.line()[3:4] == b"-":
            pass
        peer.send(b"RCPT TO:<b@example.org>\r\n")
        assert peer.line().startswith(b"503 ")


@pytest.mark.parametrize(
    ("protocol", "before", "after"),
    [
        ("imap", b'i ID ("name" "mallory")\r\n', b"a NOOP\r\n"),
        ("pop3", b"CAPA\r\n", b"NOOP\r\n"),
        ("sieve", b"CAPABILITY\r\n", b"NOOP\r\n"),
        ("smtp", b"EHLO mallory\r\n", b"NOOP\r\n"),
    ],
)
def test_nothing_is_replayed(
    protocol: str, before: bytes, after: bytes, stage: Stage, pki: Pki
) -> None:
    end = {"imap": b"i OK", "pop3": b".", "sieve": b"OK", "smtp": b"250 "}[protocol]
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.send(before)
        client.until(end)
        client.starttls(protocol)
        peer = client.tls(pki.client_context(), HOSTNAME)
        if protocol == "sieve":
            # The backend's greeting is passed on.
            while not peer.line().startswith(b"OK"):
                pass
        peer.send(after)
        while not (line := peer.line()).startswith((b"a OK", b"+OK", b"OK", b"250")):
            assert line, "the session ended"
        peer.close_notify()
        scene.client(client.ip).wait_end()
    assert bytes(scene.client(client.ip).received) == after
