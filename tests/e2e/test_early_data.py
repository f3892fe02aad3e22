"""TLS 1.3 early data can be replayed by anyone: it is never accepted, and never reaches a backend.

The client's session was forged into one that promises early data, so that the client sends some;
once with a ticket that still resumes, once with one that the edge cannot read.
"""

from pathlib import Path

import pytest

from tests.support.pki import HOSTNAME
from tests.support.s_client import s_client
from tests.support.session_file import with_damaged_ticket, with_early_data
from tests.support.stage import Stage

EARLY = b"EHLO early.example.org\r\n"
OPTIONS = ("-tls1_3", "-servername", HOSTNAME)


@pytest.mark.parametrize("is_ticket_known", [True, False])
def test_rejected(is_ticket_known: bool, stage: Stage, tmp_path: Path) -> None:
    kept, early = tmp_path / "session.pem", tmp_path / "early"
    early.write_bytes(EARLY)
    port = stage["smtp"].tls
    first = s_client(port, *OPTIONS, "-ign_eof", "-sess_out", str(kept), stdin=b"QUIT\r\n")
    assert "Max Early Data: 0" in first.text, first.text
    kept.write_text(with_early_data(kept))
    if not is_ticket_known:
        kept.write_text(with_damaged_ticket(kept, 3))

    scene = stage["smtp"].scene()
    finished = s_client(port, *OPTIONS, "-sess_in", str(kept), "-early_data", str(early))
    assert "Early data was rejected" in finished.text, finished.text
    assert finished.established(stage.edge)["resumed"] is is_ticket_known
    assert finished.closed(stage.edge)["bytes_in"] == 0
    assert EARLY not in bytes(scene.client(finished.source).received)
