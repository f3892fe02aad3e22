"""TLS 1.2 renegotiation is refused, before and after the first application data (RFC 9325 3.5)."""

import pytest

from tests.support.addresses import own_address
from tests.support.daemon import Daemon
from tests.support.stage import Stage
from tests.support.tools import program


@pytest.mark.parametrize("said_before", [b"", b"NOOP\n"], ids=["at-once", "after-data"])
@pytest.mark.parametrize("mode", ["tls", "starttls"])
def test_refused(mode: str, said_before: bytes, stage: Stage) -> None:
    # The server speaks last on both: what it says during a handshake would confuse the client.
    port = stage.raw if mode == "tls" else stage["smtp"].starttls
    source = own_address()
    client = Daemon(
        "openssl s_client",
        [program("openssl"), "s_client", "-tls1_2", "-connect", f"127.0.0.1:{port}",
         *("-bind", f"{source}:0"), *(("-starttls", "smtp") if mode == "starttls" else ())],
        is_interactive=True,
    )  # fmt: skip
    try:
        client.wait_for_line("Extended master secret")
        if said_before:
            since = client.lines.mark()
            client.type(said_before)
            client.wait_for_line("NOOP" if mode == "tls" else "250 2.0.0", since=since)
        # A line that begins with R makes s_client renegotiate.
        client.type(b"R\n")
        client.wait_for_line("RENEGOTIATING")
        client.wait_for_line("no renegotiation", timeout_s=5)
    finally:
        client.stop()
    stage.edge.wait_for("connection.closed", client_ip=source)
    records = stage.edge.records("tls.established")
    assert len([one for one in records if one["client_ip"] == source]) == 1
