"""A ticket that is damaged leads to a full handshake, not to an error."""

from pathlib import Path

import pytest

from tests.support.pki import HOSTNAME
from tests.support.s_client import s_client
from tests.support.session_file import with_damaged_ticket
from tests.support.stage import Stage

PLACES = {"key-name": 3, "payload": 40, "mac": -1}


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("place", PLACES)
def test_damaged_ticket(version: str, place: str, stage: Stage, tmp_path: Path) -> None:
    kept = tmp_path / "session.pem"
    # A TLS 1.3 ticket comes behind the handshake: only until it has read something has it come.
    options = (version, "-servername", HOSTNAME, "-ign_eof")
    port = stage["smtp"].tls
    first = s_client(port, *options, "-sess_out", str(kept), stdin=b"QUIT\r\n")
    assert first.status == 0, first.text
    whole = s_client(port, *options, "-sess_in", str(kept), stdin=b"QUIT\r\n")
    assert "Reused, " in whole.text

    kept.write_text(with_damaged_ticket(kept, PLACES[place]))
    again = s_client(port, *options, "-sess_in", str(kept), stdin=b"QUIT\r\n")
    assert again.status == 0, again.text
    assert "New, " in again.text
    assert again.established(stage.edge)["resumed"] is False
