"""The stand-in's SMTP over a real connection: what aiosmtpd decides, and what we decide for it."""

import asyncio
import base64
import re

import pytest

from edge.core.protocol import Protocol
from edge.demo.standin.account import Account, first_account
from edge.demo.standin.server import Spot, listen
from tests.edge.demo.standin.talk import CLIENT, EDGE
from tests.support.handmade_headers import SIGNATURE
from tests.support.ports import Ports
from tests.support.proxy_header import make_header

PLAIN = "AUTH PLAIN " + base64.b64encode(b"\0demo\0demo").decode()
MAIL = (
    "MAIL FROM:<a@example.org>",
    "RCPT TO:<demo@demo.test>",
    "DATA",
    "Subject: x\r\n\r\nhello\r\n.",
)
LOCAL = SIGNATURE + b"\x20\0\0\0"


def talk(
    ports: Ports,
    service: str,
    *commands: str,
    header: bytes,
    account: Account | None = None,
) -> list[str]:
    """All answers to a client that says EHLO, these commands and QUIT; the header must be told."""

    async def session() -> bytes:
        headers: list[tuple[str, bytes]] = []
        spot = Spot(name=service, protocol=Protocol.SMTP, host="127.0.0.2", port=ports.take())
        server = await listen(
            spot, account or first_account(), lambda name, raw: headers.append((name, raw))
        )
        async with server:
            reader, writer = await asyncio.open_connection(spot.host, spot.port)
            lines = ["EHLO client.example.org", *commands, "QUIT"]
            writer.write(header + "".join(f"{line}\r\n" for line in lines).encode())
            answer = await reader.read()
            writer.close()
        assert headers == [(service, header)]
        return answer

    lines = asyncio.run(session()).decode().split("\r\n")[:-1]
    assert lines[0] == "220 mail.demo.test Stalwart ESMTP at your service"
    assert lines[1] == "250-mail.demo.test you had me at EHLO"
    assert lines[-1].startswith("221 ")
    return lines[2:-1]


def after_ehlo(lines: list[str]) -> list[str]:
    return [line for line in lines if not re.match(r"250-|250 8BITMIME", line)]


WITH_TLS = make_header(CLIENT, EDGE, tls=True)
WITHOUT = make_header(CLIENT, EDGE, tls=False)


@pytest.mark.parametrize(
    ("service", "header", "offers_auth"),
    [
        ("mx", WITH_TLS, False),
        ("mx", WITHOUT, False),
        ("submission", WITH_TLS, True),
        ("submission", WITHOUT, False),
        ("submission", LOCAL, False),
    ],
)
def test_auth_exists_only_off_the_mx_and_with_the_ssl_tlv(
    ports: Ports, service: str, header: bytes, offers_auth: bool
) -> None:
    lines = talk(ports, service, PLAIN, header=header)
    assert ("250-AUTH PLAIN LOGIN" in lines) is offers_auth
    accepted, refused = "235 2.7.0 Authentication successful", "503 5.5.1 AUTH not allowed."
    assert after_ehlo(lines) == [accepted if offers_auth else refused]
    assert not any("STARTTLS" in line for line in lines)


def test_submission_takes_mail_only_after_login(ports: Ports) -> None:
    account = first_account()
    lines = talk(ports, "submission", MAIL[0], header=WITH_TLS, account=account)
    assert after_ehlo(lines) == ["503 5.5.1 You must authenticate first."]
    lines = talk(ports, "submission", PLAIN, *MAIL, header=WITH_TLS, account=account)
    assert after_ehlo(lines)[-1] == "250 2.0.0 Message queued."
    assert account.messages[-1].content == b"Subject: x\r\n\r\nhello\r\n"


def test_an_mx_takes_mail_from_anybody_and_it_is_in_the_mailbox(ports: Ports) -> None:
    account = first_account()
    talk(ports, "mx", *MAIL, header=WITHOUT, account=account)
    assert account.messages[-1].content == b"Subject: x\r\n\r\nhello\r\n"


def test_a_wrong_password_is_refused(ports: Ports) -> None:
    wrong = "AUTH PLAIN " + base64.b64encode(b"\0demo\0\xff").decode()
    lines = talk(ports, "submission", wrong, header=WITH_TLS)
    assert after_ehlo(lines) == ["535 5.7.8 Authentication credentials invalid"]


def test_the_mailbox_keeps_only_the_newest() -> None:
    account = first_account()
    for number in range(200):
        account.deliver(b"%d" % number)
    assert (len(account.messages), account.messages[-1].content) == (100, b"199")
    assert account.messages[-1].uid == 201
