"""The commands to try, ready to be pasted into another terminal."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.demo.places import SERVER_NAME, Place
from edge.demo.standin.account import ADDRESS, PASSWORD, USER


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line for a shell, and what it shows."""

    about: str
    line: str


def commands(places: Iterable[Place], ca: Path) -> tuple[Command, ...]:
    """What a newcomer may try, in a sensible order."""
    port: Mapping[str, int] = {place.service.name: place.port for place in places}
    cafile = shlex.quote(str(ca))
    curl = f"curl --cacert {cafile} --user {USER}:{PASSWORD}"
    send = f"--mail-from {ADDRESS} --mail-rcpt {ADDRESS} --upload-file -"
    mail = r"printf 'Subject: hello\r\n\r\nIt works.\r\n'"
    s_client = f"openssl s_client -brief -crlf -CAfile {cafile}"
    sieve_login = shlex.quote(
        r'AUTHENTICATE "PLAIN" "AGRlbW8AZGVtbw=="\nGETSCRIPT "hello"\nLOGOUT\n'
    )
    swaks = f"swaks --to {ADDRESS} --server {SERVER_NAME}"

    def at(name: str) -> str:
        return f"{SERVER_NAME}:{port[name]}"

    return (
        Command(
            about="read the newest mail: IMAP with implicit TLS, then STARTTLS",
            line=f"{curl} 'imaps://{at('imaps')}/INBOX;MAILINDEX=*'",
        ),
        Command(about="", line=f"{curl} --ssl-reqd 'imap://{at('imap')}/INBOX;MAILINDEX=*'"),
        Command(about="POP3 with implicit TLS, then STLS", line=f"{curl} pop3s://{at('pop3s')}/1"),
        Command(about="", line=f"{curl} --ssl-reqd pop3://{at('pop3')}/1"),
        Command(
            about="submit a mail: implicit TLS, then STARTTLS",
            line=f"{mail} | {curl} smtps://{at('submissions')} {send}",
        ),
        Command(
            about="",
            line=f"{swaks} --port {port['submission']} --tls --tls-verify --tls-ca-path {cafile}"
            f" --auth PLAIN --auth-user {USER} --auth-password {PASSWORD}",
        ),
        Command(
            about="mail from another server: with STARTTLS, then in plaintext, which an MX allows",
            line=f"{swaks} --port {port['mx']} --tls",
        ),
        Command(about="", line=f"{swaks} --port {port['mx']}"),
        Command(
            about="read a Sieve script over STARTTLS",
            line=f"printf {sieve_login} | {s_client} -ign_eof -starttls sieve"
            f" -connect {at('sieve')}",
        ),
        Command(
            about="talk by hand: any of smtp, imap, pop3, sieve; other names, versions, groups",
            line=f"{s_client} -starttls smtp -connect {at('submission')}",
        ),
        Command(
            about="",
            line=f"{s_client} -connect {at('imaps')} -servername mail.demo.test"
            " -tls1_2 -groups P-256",
        ),
        Command(about="what the backend was told about you", line=f"{curl} https://{at('https')}/"),
    )
