"""sslscan finds nothing old or weak on any kind of listener."""

import re

import pytest

from tests.support.pki import HOSTNAME
from tests.support.stage import Stage
from tests.support.tools import run

KINDS = {
    "tls": (),
    "smtp": ("--starttls-smtp",),
    "imap": ("--starttls-imap",),
    "pop3": ("--starttls-pop3",),
}


@pytest.mark.parametrize("kind", KINDS)
def test_report(kind: str, stage: Stage) -> None:
    port = stage["imap"].tls if kind == "tls" else stage[kind].starttls
    finished = run(
        "sslscan",
        *("--no-colour", f"--sni-name={HOSTNAME}", *KINDS[kind], f"127.0.0.1:{port}"),
        timeout_s=50,
    )
    assert finished.status == 0, finished.text
    report = finished.text
    protocols = dict(re.findall(r"^(SSLv\d|TLSv[\d.]+) +(enabled|disabled)", report, re.MULTILINE))
    assert protocols == {
        "SSLv2": "disabled",
        "SSLv3": "disabled",
        "TLSv1.0": "disabled",
        "TLSv1.1": "disabled",
        "TLSv1.2": "enabled",
        "TLSv1.3": "enabled",
    }
    assert "Session renegotiation not supported" in report
    assert "vulnerable to heartbleed" not in report.replace("not vulnerable to heartbleed", "")
    suites = re.findall(
        r"^(?:Preferred|Accepted) +TLSv[\d.]+ +\d+ bits +(\S+)", report, re.MULTILINE
    )
    assert suites
    weak = [name for name in suites if not re.match(r"TLS_|ECDHE-.*(GCM|POLY1305)", name)]
    assert not weak
