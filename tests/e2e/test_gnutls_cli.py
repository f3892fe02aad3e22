"""GnuTLS, a second TLS implementation, upgrades each mail protocol."""

import pytest

from tests.support.clear import MAIL_PROTOCOLS
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage
from tests.support.tools import run


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_starttls(protocol: str, version: str, stage: Stage, pki: Pki) -> None:
    since = stage.edge.mark()
    finished = run(
        "gnutls-cli",
        *("--starttls-proto", protocol, "--x509cafile", str(pki.ca)),
        *("--sni-hostname", HOSTNAME, "--verify-hostname", HOSTNAME),
        *("--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}"),
        *("--port", str(stage[protocol].starttls), "127.0.0.1"),
    )
    assert finished.status == 0, finished.text
    assert "The certificate is trusted" in finished.text
    record = stage.edge.wait_for("tls.established", since=since, listener=f"{protocol}-starttls")
    assert record["tls_version"] == f"TLSv{version}"
    assert record["sni"] == HOSTNAME
