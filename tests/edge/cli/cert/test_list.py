"""`cert list`: one look tells until when, what happens next and what went wrong."""

import json
from datetime import timedelta

from tests.edge.cli.cert.conftest import Command
from tests.support.admin import NAME, NOW, STATUS, FakeOperations


def test_a_healthy_certificate(cert: Command, operations: FakeOperations) -> None:
    result = cert("list")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second, served, renewal = result.stdout.splitlines()
    assert first == f"{NAME}, autoconfig.example.org"
    assert second.startswith("  ecdsa-p256: letsencrypt (tlsserver), until ")
    assert second.endswith(" UTC (in 35 days)")
    assert served == "    served: yes"
    assert renewal.startswith("    next renewal: ")
    assert renewal.endswith(" UTC (in 20 days): the CA suggests it")
    assert operations.asked == [("list",)]


def test_key_types_of_one_certificate_stand_together(
    cert: Command, operations: FakeOperations
) -> None:
    operations.result = [STATUS, {**STATUS, "key_type": "rsa-2048", "is_served": None}]
    lines = cert("list").stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        f"{NAME}, autoconfig.example.org"
    ]
    assert "    served: not known" in lines


def test_trouble_is_shown(cert: Command, operations: FakeOperations) -> None:
    operations.result = [
        {
            **STATUS,
            "not_after": NOW - timedelta(hours=5),
            "is_served": False,
            "failures": 3,
            "last_error": "dns: no such name\x1b[2J",
        }
    ]
    lines = cert("list").stdout.splitlines()
    assert any("expired" in line and line.endswith("(5 hours ago)") for line in lines)
    assert "    served: no" in lines
    assert "    last error (3 in a row): dns: no such name [2J" in lines


def test_before_the_first_one(cert: Command, operations: FakeOperations) -> None:
    operations.result = [
        {
            "certificate": NAME,
            "key_type": "ecdsa-p256",
            "is_bootstrap": True,
            "next_renewal_at": NOW,
            "renewal_reason": "there is none yet",
        }
    ]
    assert cert("list").stdout.splitlines() == [
        NAME,
        "  ecdsa-p256: none yet, a self-signed one is served",
        "    next renewal: now: there is none yet",
    ]


def test_nothing_at_all(cert: Command, operations: FakeOperations) -> None:
    operations.result = []
    assert cert("list").stdout == "There are no certificates.\n"


def test_json_is_what_the_edge_says(cert: Command, operations: FakeOperations) -> None:
    (found,) = json.loads(cert("list", "--json").stdout)
    assert found["certificate"] == NAME
    assert found.keys() == STATUS.keys()
