"""An attacker who takes STARTTLS away gets nothing out of clients that were told to require TLS.

No server can prevent the attack; what it can do is never to make a client's fall-back work. Each
client fails, and no credential and no mail crosses the wire.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clear import MAIL_PROTOCOLS
from tests.support.man_in_the_middle import ManInTheMiddle, refusing_starttls, without_starttls
from tests.support.mbsync import mbsync
from tests.support.pki import HOSTNAME, Pki
from tests.support.ports import Ports
from tests.support.stage import Stage
from tests.support.tools import Finished, run

Client = Callable[[int, Pki, Path], Finished]


def curl(scheme: str) -> Client:
    def client(port: int, pki: Pki, directory: Path) -> Finished:
        return run(
            "curl",
            *("--silent", "--show-error", "--ssl-reqd", "--cacert", str(pki.ca)),
            *("--connect-to", f"{HOSTNAME}:{port}:127.0.0.1:{port}", "--max-time", "10"),
            *("--user", "user:secret", f"{scheme}://{HOSTNAME}:{port}/"),
        )

    return client


def swaks(port: int, pki: Pki, directory: Path) -> Finished:
    return run(
        "swaks",
        *("--server", "127.0.0.1", "--port", str(port), "--tls", "--timeout", "10"),
        *("--auth", "PLAIN", "--auth-user", "user", "--auth-password", "secret"),
        *("--helo", "x.example.org", "--from", "a@example.org", "--to", "b@example.org"),
    )


def mbsync_starttls(port: int, pki: Pki, directory: Path) -> Finished:
    return mbsync(directory, pki, "127.0.0.1", port, "user", "STARTTLS")


def s_client(protocol: str) -> Client:
    def client(port: int, pki: Pki, directory: Path) -> Finished:
        return run(
            "openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", protocol,
            stdin=b"secret\n",
        )  # fmt: skip

    return client


CLIENTS: list[tuple[str, str, Client]] = [
    ("imap", "curl", curl("imap")),
    ("pop3", "curl", curl("pop3")),
    ("smtp", "curl", curl("smtp")),
    ("smtp", "swaks", swaks),
    ("imap", "mbsync", mbsync_starttls),
    *[(protocol, "openssl", s_client(protocol)) for protocol in MAIL_PROTOCOLS],
]


@pytest.mark.parametrize("attack", ["hide", "refuse"])
@pytest.mark.parametrize(("protocol", "name", "client"), CLIENTS)
def test_clients_give_up(
    protocol: str,
    name: str,
    client: Client,
    attack: str,
    stage: Stage,
    pki: Pki,
    ports: Ports,
    tmp_path: Path,
) -> None:
    port = ports.take()
    scene = stage[protocol].scene()
    attacker = ManInTheMiddle(
        port,
        stage[protocol].starttls,
        on_server_line=without_starttls if attack == "hide" else lambda line: line,
        # openssl says STARTTLS whether it is offered or not.
        on_client_line=refusing_starttls(protocol),
    )
    with attacker:
        finished = client(port, pki, tmp_path)
    assert finished.status != 0, finished.text
    assert attacker.addresses
    heard = b"".join(attacker.heard)
    for secret in (b"secret", b"c2VjcmV0", b"AHVzZXIAc2VjcmV0", b"LOGIN", b"AUTH"):
        assert secret not in heard
    assert [one for ip in attacker.addresses for one in scene.clients(ip)] == []
