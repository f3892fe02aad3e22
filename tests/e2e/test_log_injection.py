"""Whatever a client calls itself, a record stays one line of JSON, and the header stays clean."""

import json

import pytest

from tests.support.proxy_header import AUTHORITY
from tests.support.s_client import s_client
from tests.support.stage import Stage

NAMES = {
    "newline": 'a\r\n{"event":"forged"}',
    "quotes": 'a"b\\c',
    "long": "a" * 255,
    "not-ascii": "mäil.example.org",
    "escape": "\x1b[31mred",
    "space": "mail.example.org smuggled",
}


@pytest.mark.parametrize("name", NAMES)
def test_sni(name: str, stage: Stage) -> None:
    scene = stage["imap"].scene()
    finished = s_client(stage["imap"].tls, "-servername", NAMES[name])
    record = finished.closed(stage.edge)
    assert not stage.edge.records("forged")
    assert len(json.dumps(record["sni"])) < 600
    if finished.status == 0:
        header = scene.client(finished.source).header
        assert header is not None
        assert AUTHORITY not in header.values, "only a valid DNS name may be forwarded"
