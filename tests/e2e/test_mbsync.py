"""mbsync fetches a mailbox over STARTTLS and over IMAPS."""

from pathlib import Path

import pytest

from tests.support.hosts import EDGE_HOST, DovecotHost
from tests.support.mbsync import mbsync
from tests.support.pki import Pki

MESSAGE = b"Subject: hello\n\nworld\n"


@pytest.mark.parametrize(("mode", "ssl_type"), [("starttls", "STARTTLS"), ("tls", "IMAPS")])
def test_mbsync(
    mode: str, ssl_type: str, dovecot_host: DovecotHost, pki: Pki, tmp_path: Path
) -> None:
    user = f"mbsync-{mode}"
    inbox = dovecot_host.dovecot.mail / user / "new"
    inbox.mkdir(parents=True)
    (inbox / "1").write_bytes(MESSAGE)
    for path in (inbox.parent, inbox, inbox / "1"):
        path.chmod(0o777)

    finished = mbsync(tmp_path, pki, EDGE_HOST, dovecot_host.ports["imap", mode], user, ssl_type)

    assert finished.status == 0, finished.text
    (fetched,) = (tmp_path / "inbox" / "new").iterdir()
    assert fetched.read_bytes().startswith(b"Subject: hello\n")
    assert fetched.read_bytes().endswith(b"\n\nworld\n")
    assert "secured" in dovecot_host.dovecot.login_line(user)
