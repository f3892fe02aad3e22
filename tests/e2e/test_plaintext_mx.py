"""An MX (`require_tls = false`) goes on in the clear when the client does.

The client's own EHLO is replayed to the backend; STARTTLS and AUTH are gone from the answer; after
that nothing is read into the stream, not even a line STARTTLS inside a message.
"""

import smtplib

from tests.support.clear import ClearClient
from tests.support.hosts import RecorderHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.routing import Route

BODY = b"Subject: x\r\n\r\nSTARTTLS\r\n..\r\nSTARTTLS\r\n"


def test_the_backend_sees_the_clients_ehlo(recorder_host: RecorderHost, route: Route) -> None:
    route.to("127.0.0.1", "127.1.8.1")
    with smtplib.SMTP(HOSTNAME, recorder_host.mx, local_hostname="mta.example.com") as client:
        client.sendmail("plain-1@example.org", ["b@example.org"], BODY)
    message = recorder_host.recorder.messages.wait_for(
        lambda one: one.mail_from == "plain-1@example.org", "message"
    )
    assert message.content == BODY
    record = recorder_host.edge.wait_for("connection.closed", client_ip="127.1.8.1")
    assert (record["tls"], record["listener"], record["sni"]) == (False, "mx", None)


def test_no_credentials_without_tls(recorder_host: RecorderHost) -> None:
    with ClearClient(recorder_host.mx) as client:
        client.greeting("smtp")
        client.send(b"EHLO mta.example.com\r\n")
        offered = client.reply()
        assert b"STARTTLS" in offered
        assert b"AUTH" not in offered


def test_starttls_is_over_once_mail_has_begun(recorder_host: RecorderHost, pki: Pki) -> None:
    with ClearClient(recorder_host.mx) as client:
        client.greeting("smtp")
        client.send(b"EHLO mta.example.com\r\n")
        client.reply()
        client.send(b"MAIL FROM:<plain-2@example.org>\r\n")
        assert client.reply().startswith(b"250")
        client.send(b"STARTTLS\r\n")
        # The backend's own answer: it has no TLS to offer.
        assert client.reply()[:1] in {b"4", b"5"}
        client.send(b"EHLO mta.example.com\r\n")
        assert client.reply().startswith(b"250")


def test_pipelined(recorder_host: RecorderHost) -> None:
    """The whole envelope in one segment: nothing is lost when the backend takes over."""
    with ClearClient(recorder_host.mx) as client:
        client.greeting("smtp")
        client.send(
            b"EHLO mta.example.com\r\nMAIL FROM:<plain-3@example.org>\r\n"
            b"RCPT TO:<b@example.org>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
        )
        said = client.rest()
    codes = [line[:3] for line in said.splitlines() if line[3:4] == b" "]
    assert codes == [b"250", b"250", b"250", b"354", b"250", b"221"], said
    recorder_host.recorder.messages.wait_for(
        lambda one: one.mail_from == "plain-3@example.org", "message"
    )


def test_helo(recorder_host: RecorderHost) -> None:
    """An old client that says HELO gets a HELO answer from the backend."""
    with ClearClient(recorder_host.mx) as client:
        client.greeting("smtp")
        client.send(b"HELO old.example.com\r\n")
        assert client.reply().startswith(b"250 ")
        client.send(b"MAIL FROM:<plain-4@example.org>\r\n")
        assert client.reply().startswith(b"250")
        client.send(b"QUIT\r\n")
        assert client.reply().startswith(b"221")
