"""swaks delivers in every way it knows: MX in the clear, STARTTLS, TLS on connect, pipelined."""

import pytest

from tests.support.hosts import RecorderHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.tools import Finished, run

OK = 0
TLS_FAILED = 29


def swaks(pki: Pki, port: int, sender: str, *more: str) -> Finished:
    return run(
        "swaks",
        *("--server", "127.0.0.1", "--port", str(port), "--helo", "client.example.org"),
        *("--from", sender, "--to", "someone@example.org", "--timeout", "15"),
        *("--tls-verify", "--tls-ca-path", str(pki.ca), "--tls-sni", HOSTNAME),
        *more,
    )


@pytest.mark.parametrize(
    ("label", "listener", "options"),
    [
        ("clear", "mx", ()),
        ("clear-pipelined", "mx", ("--pipeline",)),
        ("starttls", "mx", ("--tls",)),
        ("starttls-pipelined", "mx", ("--tls", "--pipeline")),
        ("submission", "submission", ("--tls",)),
        ("submissions", "submissions", ("--tls-on-connect",)),
    ],
)
def test_delivery(
    label: str, listener: str, options: tuple[str, ...], recorder_host: RecorderHost, pki: Pki
) -> None:
    port = {
        "mx": recorder_host.mx,
        "submission": recorder_host.submission,
        "submissions": recorder_host.submissions,
    }[listener]
    sender = f"swaks-{label}@example.org"
    finished = swaks(pki, port, sender, *options)
    assert finished.status == OK, finished.text
    recorder_host.recorder.messages.wait_for(
        lambda message: message.mail_from == sender, f"message from {sender}"
    )


def test_submission_needs_tls(recorder_host: RecorderHost, pki: Pki) -> None:
    """Without STARTTLS, MAIL gets `530 5.7.0`, and the backend never sees it."""
    finished = swaks(pki, recorder_host.submission, "swaks-refused@example.org")
    assert finished.status != OK
    assert " 530 5.7.0" in finished.text
    senders = [message.mail_from for message in recorder_host.recorder.messages.items()]
    assert "swaks-refused@example.org" not in senders


def test_credentials_need_tls(recorder_host: RecorderHost, pki: Pki) -> None:
    """AUTH is not even offered in the clear, so that swaks keeps the password to itself."""
    finished = swaks(
        pki,
        recorder_host.submission,
        "swaks-auth@example.org",
        *("--auth", "PLAIN", "--auth-user", "user", "--auth-password", "secret"),
    )
    assert finished.status != OK
    assert "AHVzZXIAc2VjcmV0" not in finished.text
