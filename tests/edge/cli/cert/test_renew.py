"""`cert renew`: progress as it comes, and an exit code that says how it ended."""

import json

import pytest

import certs
from tests.edge.cli.cert.conftest import Command
from tests.support.admin import DUE, FAILED, NAME, OBTAINED, STEP, FakeOperations


def test_progress_then_the_new_state(cert: Command, operations: FakeOperations) -> None:
    operations.events = (DUE, STEP, OBTAINED)
    result = cert("renew", NAME)
    assert result.exit_code == 0
    said = [line.split("  ", 1)[1] for line in result.stderr.splitlines()]
    assert said[:2] == [
        f"{NAME} (ecdsa-p256): due: two thirds of its life are over",
        f"{NAME} (ecdsa-p256): letsencrypt: validated",
    ]
    assert said[2].startswith(f"{NAME} (ecdsa-p256): obtained (issuer letsencrypt, ")
    assert result.stdout.splitlines()[0] == f"{NAME}, autoconfig.example.org"
    assert operations.asked == [("renew", NAME, False)]


def test_nothing_was_due(cert: Command, operations: FakeOperations) -> None:
    result = cert("renew", NAME)
    assert result.exit_code == 3
    assert result.stdout.splitlines()[-1] == "Nothing is due; --force renews all the same."


def test_force(cert: Command, operations: FakeOperations) -> None:
    operations.events = (OBTAINED,)
    assert cert("renew", NAME, "--force").exit_code == 0
    assert operations.asked == [("renew", NAME, True)]


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((DUE, FAILED), 1),
        ((FAILED, OBTAINED), 0),  # another issuer did it
        ((OBTAINED, FAILED), 1),
    ],
)
def test_the_last_word_counts(
    cert: Command, operations: FakeOperations, events: tuple[certs.Event, ...], status: int
) -> None:
    operations.events = events
    result = cert("renew", NAME)
    assert result.exit_code == status
    assert "\x1b" not in result.stderr
    if status:
        assert result.stderr.endswith(
            f"`stalwart-edge cert dry-run {NAME}` tries it without risk.\n"
        )


def test_json_leaves_progress_to_standard_error(cert: Command, operations: FakeOperations) -> None:
    operations.events = (STEP, OBTAINED)
    result = cert("renew", NAME, "--json")
    assert json.loads(result.stdout)[0]["certificate"] == NAME
    assert len(result.stderr.splitlines()) == 2


def test_an_error_behind_progress(cert: Command, operations: FakeOperations) -> None:
    operations.events = (STEP,)
    operations.error = certs.StoreError("no space left", place="/var/x", remedy="Free some.")
    result = cert("renew", NAME)
    assert result.exit_code == 1
    assert result.stderr.endswith("error: /var/x: no space left\n    Free some.\n")
    as_json = cert("renew", NAME, "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout) == {
        "error": {"message": "/var/x: no space left", "remedy": "Free some."}
    }
