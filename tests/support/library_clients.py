"""smtplib, imaplib, poplib and managesieve, each brought to a login by one call.

They connect to `HOSTNAME`, so that they verify that name; `tests/e2e/conftest.py` routes it.
"""

import imaplib
import poplib
import smtplib
import ssl
from collections.abc import Callable

import managesieve  # type: ignore[import-untyped]  # the library has no annotations

from tests.support.pki import HOSTNAME

PASSWORD = "secret"


def login(protocol: str, mode: str, port: int, user: str, context: ssl.SSLContext) -> None:
    """Connect, start TLS, log in as `user`, do one thing that needs the login, log out."""
    LOGINS[protocol](mode, port, user, context)


def _imap(mode: str, port: int, user: str, context: ssl.SSLContext) -> None:
    if mode == "tls":
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL(HOSTNAME, port, ssl_context=context)
    else:
        client = imaplib.IMAP4(HOSTNAME, port)
        assert "LOGINDISABLED" in client.capabilities
        client.starttls(context)
    with client:
        client.login(user, PASSWORD)
        assert client.select("INBOX") == ("OK", [b"0"])


def _pop3(mode: str, port: int, user: str, context: ssl.SSLContext) -> None:
    if mode == "tls":
        client: poplib.POP3 = poplib.POP3_SSL(HOSTNAME, port, context=context, timeout=15)
    else:
        client = poplib.POP3(HOSTNAME, port, timeout=15)
        assert "USER" not in client.capa()
        client.stls(context)
    client.user(user)
    client.pass_(PASSWORD)
    assert client.stat() == (0, 0)
    client.quit()


def _sieve(mode: str, port: int, user: str, context: ssl.SSLContext) -> None:
    # The library has no implicit TLS, and takes no context: SSL_CERT_FILE names the authority.
    client = managesieve.MANAGESIEVE(HOSTNAME, port, use_tls=mode == "starttls", timeout=15)
    tls = client.sock.sslobj
    # Its first argument is the identity to act as: nobody else.
    assert client.login("", user, PASSWORD) == "OK"
    assert client.putscript("first", "keep;\r\n") == "OK", client.response_text
    assert client.logout() == "OK"
    # The library forgets this one.
    tls.close()


def _smtp(mode: str, port: int, user: str, context: ssl.SSLContext) -> None:
    if mode == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(HOSTNAME, port, context=context, timeout=15)
    else:
        client = smtplib.SMTP(HOSTNAME, port, timeout=15)
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=context)
    with client:
        client.login(user, PASSWORD)
        client.sendmail(f"{user}@example.org", [f"to-{user}@example.org"], "Subject: x\r\n\r\nx")


LOGINS: dict[str, Callable[[str, int, str, ssl.SSLContext], None]] = {
    "imap": _imap,
    "pop3": _pop3,
    "sieve": _sieve,
    "smtp": _smtp,
}
