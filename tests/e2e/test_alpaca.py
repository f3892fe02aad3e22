"""A web browser that was led to a mail port gets neither a session nor its own words back.

ALPACA (https://alpaca-attack.com): the defence is ALPN, which browsers always offer.
"""

import pytest

from tests.support.addresses import own_address
from tests.support.clear import MAIL_PROTOCOLS, ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.s_client import s_client
from tests.support.stage import Stage
from tests.support.tools import run


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_curl(protocol: str, stage: Stage, pki: Pki) -> None:
    scene, source = stage[protocol].scene(), own_address()
    port = stage[protocol].tls
    finished = run(
        "curl",
        *("--silent", "--show-error", "--cacert", str(pki.ca), "--max-time", "15"),
        *("--interface", source),
        *("--connect-to", f"{HOSTNAME}:{port}:127.0.0.1:{port}"),
        f"https://{HOSTNAME}:{port}/<script>",
    )
    assert finished.status == 35, finished.text  # CURLE_SSL_CONNECT_ERROR
    assert "script" not in finished.text
    record = stage.edge.wait_for("connection.closed", client_ip=source)
    assert (record["outcome"], record["tls"]) == ("alpn_mismatch", False)
    assert scene.clients(source) == []


@pytest.mark.parametrize(
    ("protocol", "offer", "is_accepted"),
    [
        ("imap", "h2,http/1.1", False),
        ("imap", "smtp", False),
        ("imap", "http/1.1,imap", True),
        ("pop3", "pop3", True),
        ("sieve", "managesieve", True),
        ("smtp", "smtp", True),
        ("smtp", "esmtp", True),
        ("smtp", "imap", False),
    ],
)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_alpn(protocol: str, offer: str, is_accepted: bool, version: str, stage: Stage) -> None:
    finished = s_client(stage[protocol].tls, version, "-alpn", offer)
    if is_accepted:
        assert finished.status == 0, finished.text
        record = finished.established(stage.edge)
        assert f"ALPN protocol: {record['alpn']}" in finished.text
        assert record["alpn"] in offer.split(",")
    else:
        assert finished.alert == 120
        assert finished.closed(stage.edge)["outcome"] == "alpn_mismatch"


def test_alpn_after_starttls(stage: Stage) -> None:
    finished = s_client(stage["imap"].starttls, "-starttls", "imap", "-alpn", "h2")
    assert finished.alert == 120
    assert finished.closed(stage.edge)["outcome"] == "alpn_mismatch"


def test_raw_accepts_any_alpn_or_none(stage: Stage, pki: Pki) -> None:
    """A `raw` listener does not know what it carries."""
    with ClearClient(stage.raw) as client:
        peer = client.tls(pki.client_context(), HOSTNAME)
        peer.send(b"x")
        assert peer.receive() == b"x"
