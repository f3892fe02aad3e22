"""The stand-in's POP3, as dialogues."""

import base64

import pytest

from edge.demo.standin.account import first_account
from edge.demo.standin.pop3 import speak_pop3
from tests.edge.demo.standin.talk import talk

LOGIN = ("USER demo", "PASS demo")
PLAIN = base64.b64encode(b"\0demo\0demo").decode()


def test_capabilities_follow_the_ssl_tlv() -> None:
    with_tls = talk(speak_pop3, "CAPA")
    without = talk(speak_pop3, "CAPA", tls=False)
    assert with_tls[:2] == [
        "+OK Stalwart POP3 at your service.",
        "+OK Capability list follows",
    ]
    # Stalwart lists STLS whenever there is no TLS, even where it has none to offer.
    assert set(with_tls) - set(without) == {"USER", "SASL PLAIN"}
    assert set(without) - set(with_tls) == {"STLS"}


@pytest.mark.parametrize(
    "commands", [LOGIN, (f"AUTH PLAIN {PLAIN}",), ("AUTH PLAIN", PLAIN), (f"auth plain {PLAIN}",)]
)
def test_login_works_with_the_ssl_tlv_and_only_with_it(commands: tuple[str, ...]) -> None:
    assert talk(speak_pop3, *commands)[-1] == "+OK Authentication successful."
    answers = talk(speak_pop3, *commands, "STAT", tls=False)
    assert "-ERR Cannot authenticate over plain-text." in answers
    assert answers[-1] == "-ERR Authenticate first."


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("STAT", ["+OK 2 {total}"]),
        ("LIST", ["+OK", "1 {first}", "2 10", "."]),
        ("LIST 2", ["+OK 2 10"]),
        ("UIDL", ["+OK", "1 1", "2 2", "."]),
        ("RETR 2", ["+OK 10 octets", "A: b", "", "..c", "."]),
        ("TOP 2 0", ["+OK", "A: b", "", "."]),
        ("RETR 3", ["-ERR No such message, or no such command."]),
        ("RETR 99999999999999999999", ["-ERR No such message, or no such command."]),
        ("RETR", ["-ERR No such message, or no such command."]),
        ("XYZZY", ["-ERR No such message, or no such command."]),
        ("DELE 1", ["-ERR This mailbox is read-only."]),
        ("STLS", ["-ERR TLS is not available."]),
        ("", ["-ERR No such message, or no such command."]),
    ],
)
def test_commands_after_login(command: str, answer: list[str]) -> None:
    account = first_account()
    first = len(account.messages[0].content)
    account.deliver(b"A: b\r\n\r\n.c")
    lines = talk(speak_pop3, *LOGIN, command, account=account)
    expected = [line.format(total=first + 10, first=first) for line in answer]
    assert lines[3:] == expected


def test_quit_ends_it() -> None:
    assert talk(speak_pop3, "QUIT", "CAPA") == ["+OK Stalwart POP3 at your service.", "+OK Bye."]
