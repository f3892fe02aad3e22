"""`openssl s_client` upgrades each mail protocol, and sees the certificate of the name it asked."""

import pytest

from tests.support.clear import MAIL_PROTOCOLS
from tests.support.pki import HOSTNAME, Pki
from tests.support.s_client import s_client
from tests.support.stage import Stage

LAST_WORDS = {
    "smtp": b"QUIT\r\n",
    "imap": b"z LOGOUT\r\n",
    "pop3": b"QUIT\r\n",
    "sieve": b"LOGOUT\r\n",
}


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
def test_starttls(protocol: str, version: str, stage: Stage, pki: Pki) -> None:
    finished = s_client(
        stage[protocol].starttls,
        *("-starttls", protocol, "-servername", HOSTNAME, "-brief", "-crlf"),
        *("-CAfile", str(pki.ca), "-verify_hostname", HOSTNAME, "-verify_return_error"),
        "-" + version.lower().replace("v", "").replace(".", "_").removesuffix("_0"),
        # It keeps the connection until the server closes it.
        "-ign_eof",
        stdin=LAST_WORDS[protocol],
    )
    assert finished.status == 0, finished.text
    assert f"Protocol version: {version}" in finished.text
    assert "Verification: OK" in finished.text
    record = finished.established(stage.edge)
    assert record["tls_version"] == version
    assert record["starttls"] is True
    assert record["sni"] == HOSTNAME
    assert f"Ciphersuite: {record['cipher']}" in finished.text
