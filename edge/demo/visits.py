"""Self-made sessions through the edge, by Python's own mail clients: one for each listener.

They verify the certificate, log in and use the mailbox, so a visit that raises nothing proves the
whole path. All of this blocks; it runs in a thread.
"""

import http.client
import imaplib
import poplib
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.config.tree import Mode
from edge.core.protocol import Protocol
from edge.demo.places import SERVER_NAME, Place
from edge.demo.sieve_visit import SieveRefusedError, visit_sieve
from edge.demo.standin.account import ADDRESS, PASSWORD, USER

TIMEOUT_S: Final = 10.0
_MAIL: Final = "Subject: A mail from the demo itself\r\n\r\nIt came through the edge.\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One session that is to be made."""

    listener: str
    is_tls: bool
    session: Callable[[], None]

    def run(self) -> str | None:
        """Do it, and block; returns what went wrong, or None."""
        try:
            self.session()
        except (
            OSError,  # ssl.SSLError is one
            smtplib.SMTPException,
            imaplib.IMAP4.error,
            poplib.error_proto,
            http.client.HTTPException,
            SieveRefusedError,
        ) as error:
            return f"{type(error).__name__}: {error}"
        return None


def visits_to(place: Place, ca: Path) -> list[Visit]:
    """The sessions for one listener: one with TLS, and one in plaintext where it is allowed."""
    context = ssl.create_default_context(cafile=ca)
    name, speak = place.service.name, _visitor(place.service.protocol)
    visits = [Visit(listener=name, is_tls=True, session=lambda: speak(place, context))]
    if not place.service.require_tls:
        visits.append(Visit(listener=name, is_tls=False, session=lambda: _visit_mx(place)))
    return visits


def _visitor(protocol: Protocol) -> Callable[[Place, ssl.SSLContext], None]:
    visitors: dict[Protocol, Callable[[Place, ssl.SSLContext], None]] = {
        Protocol.SMTP: _visit_smtp,
        Protocol.IMAP: _visit_imap,
        Protocol.POP3: _visit_pop3,
        Protocol.SIEVE: lambda place, tls: visit_sieve(place.port, tls, timeout_s=TIMEOUT_S),
        Protocol.HTTP: _visit_https,
    }
    return visitors[protocol]


def _visit_smtp(place: Place, tls: ssl.SSLContext) -> None:
    if place.service.mode is Mode.TLS:
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            SERVER_NAME, place.port, timeout=TIMEOUT_S, context=tls
        )
    else:
        client = smtplib.SMTP(SERVER_NAME, place.port, timeout=TIMEOUT_S)
    with client:
        if place.service.mode is Mode.STARTTLS:
            client.starttls(context=tls)
        if place.service.name != "mx":
            client.login(USER, PASSWORD)
        client.sendmail(ADDRESS, ADDRESS, _MAIL)


def _visit_mx(place: Place) -> None:
    with smtplib.SMTP(SERVER_NAME, place.port, timeout=TIMEOUT_S) as client:
        client.sendmail(ADDRESS, ADDRESS, _MAIL)


def _visit_imap(place: Place, tls: ssl.SSLContext) -> None:
    if place.service.mode is Mode.TLS:
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            SERVER_NAME, place.port, ssl_context=tls, timeout=TIMEOUT_S
        )
    else:
        client = imaplib.IMAP4(SERVER_NAME, place.port, timeout=TIMEOUT_S)
    with client:
        if place.service.mode is Mode.STARTTLS:
            client.starttls(ssl_context=tls)
        client.login(USER, PASSWORD)
        client.select(readonly=True)
        status, _ = client.fetch("1", "(BODY[])")
        if status != "OK":
            raise imaplib.IMAP4.error("FETCH was refused")


def _visit_pop3(place: Place, tls: ssl.SSLContext) -> None:
    if place.service.mode is Mode.TLS:
        client: poplib.POP3 = poplib.POP3_SSL(
            SERVER_NAME, place.port, timeout=TIMEOUT_S, context=tls
        )
    else:
        client = poplib.POP3(SERVER_NAME, place.port, timeout=TIMEOUT_S)
    try:
        if place.service.mode is Mode.STARTTLS:
            client.stls(context=tls)
        client.user(USER)
        client.pass_(PASSWORD)
        client.retr(1)
        client.quit()
    finally:
        client.close()


def _visit_https(place: Place, tls: ssl.SSLContext) -> None:
    client = http.client.HTTPSConnection(SERVER_NAME, place.port, timeout=TIMEOUT_S, context=tls)
    try:
        client.request("GET", "/")
        answer = client.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"status {answer.status}")
    finally:
        client.close()
