"""Whole dialogues as an administrator would see them: tests/vectors/starttls/*.txt.

`C:` lines that follow each other are one read. `B:` lines are what the backend would be sent. The
last line is the outcome: `upgrade`, `plaintext`, or a value of `Outcome`.
"""

from pathlib import Path

import pytest

from edge.core.starttls.dialogue import open_dialogue
from edge.core.starttls.events import Ended, Event, PlaintextChosen, Replied, UpgradeAccepted
from tests.edge.core.starttls.backends import ALL, MUST_TLS, MX

VECTORS = sorted((Path(__file__).parents[3] / "vectors/starttls").glob("*.txt"))


def shown(prefix: str, data: bytes) -> list[str]:
    assert data == b"" or data.endswith(b"\r\n")
    return [f"{prefix} {line}".rstrip() for line in data.decode("ascii").split("\r\n")[:-1]]


def shown_event(event: Event) -> list[str]:
    match event:
        case Replied(data=data):
            return shown("S:", data)
        case UpgradeAccepted(data=data):
            return [*shown("S:", data), "= upgrade"]
        case Ended(data=data, outcome=outcome):
            return [*shown("S:", data), f"= {outcome}"]
        case PlaintextChosen(opening=opening):
            return [
                *shown("B:", opening.ehlo or b""),
                *shown("B:", opening.pending),
                "= plaintext",
            ]


def reads_of(lines: list[str]) -> list[bytes]:
    """The client's reads: each run of `C:` lines."""
    reads = [b""]
    for line in lines:
        if line.startswith("C:"):
            reads[-1] += line[3:].encode() + b"\r\n"
        elif reads[-1]:
            reads.append(b"")
    return [read for read in reads if read]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    title, *expected = path.read_text().splitlines()
    backend, rules = title.removeprefix("# ").split(", ")
    dialogue = open_dialogue(ALL[backend], {"must-tls": MUST_TLS, "mx": MX}[rules])
    actual = shown("S:", dialogue.greeting())
    for read in reads_of(expected):
        actual += shown("C:", read)
        for event in dialogue.feed(read):
            actual += shown_event(event)
    assert actual == expected


def test_every_protocol_has_transcripts() -> None:
    protocols = {path.stem.split("-")[0] for path in VECTORS}
    assert protocols == {"smtp", "imap", "pop3", "sieve"}
