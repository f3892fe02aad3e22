"""Postfix stores what the client sent, byte for byte, over STARTTLS and in the clear.

Its Received header names the client, which it knows from the PROXY header only.
"""

import smtplib

import pytest

from tests.support.hosts import PostfixHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.postfix import DOMAIN
from tests.support.routing import Route

BODIES = {
    "dots": b".\r\n..\r\n.leading\r\n..two\r\nlast.\r\n",
    "eight-bit": bytes(range(128, 256)) + b"\r\n" + "Grüße, 世界\r\n".encode(),
    "long-lines": b"x" * 4096 + b"\r\n" + b"y" * 70_000 + b"\r\nend\r\n",
    "commands": b"STARTTLS\r\nQUIT\r\nRSET\r\n\r\nMAIL FROM:<x@example.org>\r\n",
    "megabytes": (b"0123456789abcdef" * 4 + b"\r\n") * 50_000,
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("is_tls", [True, False], ids=["starttls", "plaintext"])
def test_byte_for_byte(
    is_tls: bool, body: str, postfix_host: PostfixHost, pki: Pki, route: Route
) -> None:
    user = f"{body}-{'tls' if is_tls else 'clear'}"
    source = f"127.1.2.{1 + 2 * list(BODIES).index(body) + is_tls}"
    route.to("127.0.0.1", source)
    message = (
        b"Subject: " + body.encode() + b"\r\nMessage-ID: <1@example.org>\r\n\r\n" + BODIES[body]
    )
    with smtplib.SMTP(HOSTNAME, postfix_host.mx, local_hostname="client.example.org") as client:
        client.ehlo()
        assert client.has_extn("starttls")
        if is_tls:
            client.starttls(context=pki.client_context())
        client.sendmail("a@example.org", [f"{user}@{DOMAIN}"], message, ["BODY=8BITMIME"])

    delivered = postfix_host.postfix.delivered(user)
    assert f"from client.example.org (unknown [{source}])".encode() in delivered
    # A Maildir has LF, and virtual(8) puts headers of its own in front.
    assert delivered.endswith(message.replace(b"\r\n", b"\n"))
    record = postfix_host.edge.wait_for("connection.closed", client_ip=source)
    assert record["tls"] is is_tls
