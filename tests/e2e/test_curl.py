"""curl reads mail over STARTTLS and over implicit TLS, and verifies the certificate's name."""

import pytest

from tests.support.hosts import EDGE_HOST, DovecotHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.tools import Finished, run

SCHEMES = {
    ("imap", "starttls"): "imap",
    ("imap", "tls"): "imaps",
    ("pop3", "starttls"): "pop3",
    ("pop3", "tls"): "pop3s",
    ("smtp", "starttls"): "smtp",
    ("smtp", "tls"): "smtps",
}


def curl(host: DovecotHost, pki: Pki, protocol: str, mode: str, user: str, *more: str) -> Finished:
    port = host.ports[protocol, mode]
    return run(
        "curl",
        *("--silent", "--show-error", "--verbose", "--max-time", "20"),
        *("--connect-to", f"{HOSTNAME}:{port}:{EDGE_HOST}:{port}"),
        *("--cacert", str(pki.ca), "--user", f"{user}:secret"),
        *more,
        f"{SCHEMES[protocol, mode]}://{HOSTNAME}:{port}/",
    )


@pytest.mark.parametrize(("protocol", "mode"), SCHEMES)
def test_curl(protocol: str, mode: str, dovecot_host: DovecotHost, pki: Pki) -> None:
    user = f"curl-{protocol}-{mode}"
    source = f"127.1.1.{1 + list(SCHEMES).index((protocol, mode))}"
    mail = ("--mail-from", f"{user}@example.org", "--mail-rcpt", "to@example.org", "-T", "-")
    finished = curl(
        dovecot_host,
        pki,
        protocol,
        mode,
        user,
        *("--ssl-reqd", "--interface", source),
        *(mail if protocol == "smtp" else ()),
    )
    assert finished.status == 0, finished.text
    line = dovecot_host.dovecot.login_line(user)
    assert f"rip={source}" in line
    assert "secured" in line
    if protocol == "smtp":
        dovecot_host.relayed.messages.wait_for(
            lambda message: message.mail_from == f"{user}@example.org", "relayed message"
        )


@pytest.mark.parametrize("protocol", ["imap", "pop3", "smtp"])
def test_curl_without_tls_cannot_log_in(protocol: str, dovecot_host: DovecotHost, pki: Pki) -> None:
    user = f"curl-plain-{protocol}"
    since = dovecot_host.dovecot.daemon.lines.mark()
    # Without --ssl-reqd curl sends credentials in the clear where a server offers to take them.
    finished = curl(dovecot_host, pki, protocol, "starttls", user, "--login-options", "AUTH=PLAIN")
    assert finished.status != 0
    assert "c2VjcmV0" not in finished.text
    assert not [line for line in dovecot_host.dovecot.daemon.lines.items(since) if user in line]
