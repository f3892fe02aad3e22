"""TLS 1.2 renegotiation is refused, before and after the first application data (RFC 9325 3.5)."""

import pytest

from tests.support.pki import HOSTNAME
from tests.support.s_client import s_client
from tests.support.stage import Stage

# A line that begins with R makes s_client renegotiate.
RENEGOTIATE = b"R\n"


@pytest.mark.parametrize("said_before", [b"", b"NOOP\r\n"], ids=["at-once", "after-data"])
@pytest.mark.parametrize("options", [(), ("-starttls", "smtp")], ids=["tls", "starttls"])
def test_refused(options: tuple[str, ...], said_before: bytes, stage: Stage) -> None:
    port = stage["smtp"].starttls if options else stage["smtp"].tls
    finished = s_client(
        port,
        *("-tls1_2", "-servername", HOSTNAME),
        *options,
        stdin=said_before + RENEGOTIATE,
    )
    assert "RENEGOTIATING" in finished.text
    assert "no renegotiation" in finished.text, finished.text
    assert finished.status != 0
    finished.closed(stage.edge)
    records = stage.edge.records("tls.established")
    assert len([one for one in records if one["client_ip"] == finished.source]) == 1
