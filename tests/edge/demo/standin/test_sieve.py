"""The stand-in's ManageSieve, as dialogues."""

import base64

import pytest

from edge.demo.standin.account import SCRIPT_LIMIT_BYTES, first_account
from edge.demo.standin.sieve import speak_sieve
from tests.edge.demo.standin.talk import talk

PLAIN = base64.b64encode(b"\0demo\0demo").decode()
LOGIN = f'AUTHENTICATE "PLAIN" "{PLAIN}"'
GREETING_LINES = 7


def test_greeting_is_the_capability_block() -> None:
    with_tls = talk(speak_sieve)
    without = talk(speak_sieve, tls=False)
    assert with_tls[-1] == 'OK "Stalwart ManageSieve at your service."'
    assert '"SASL" "PLAIN"' in with_tls
    assert '"STARTTLS"' not in with_tls
    assert {'"STARTTLS"', '"SASL" ""'} <= set(without)


@pytest.mark.parametrize(
    "commands",
    [
        (LOGIN,),
        ('AUTHENTICATE "PLAIN"', f'"{PLAIN}"'),
        (f'AUTHENTICATE "PLAIN" {{{len(PLAIN)}+}}', PLAIN),
    ],
)
def test_login_works_with_the_ssl_tlv_and_only_with_it(commands: tuple[str, ...]) -> None:
    assert talk(speak_sieve, *commands)[-1] == 'OK "Authenticated."'
    refused = 'NO (ENCRYPT-NEEDED) "Cannot authenticate over plain-text."'
    assert refused in talk(speak_sieve, *commands, tls=False)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("LISTSCRIPTS", ['"hello" ACTIVE', 'OK "Done."']),
        ('GETSCRIPT "hello"', ["{30}", 'require ["fileinto"];', "keep;", "", 'OK "Done."']),
        ('GETSCRIPT "none"', ['NO (NONEXISTENT) "There is no such script."']),
        ('DELETESCRIPT "hello"', ['NO (ACTIVE) "The active script cannot be deleted."']),
        ('SETACTIVE "none"', ['NO (NONEXISTENT) "There is no such script."']),
        ('HAVESPACE "x" 100', ['OK "Done."']),
        ("NOOP", ['OK "Done."']),
        ("STARTTLS", ['NO "TLS is not available."']),
        ("XYZZY", ['NO "Unknown command."']),
        ("", ['NO "Unknown command."']),
    ],
)
def test_commands_after_login(command: str, answer: list[str]) -> None:
    assert talk(speak_sieve, LOGIN, command)[GREETING_LINES + 1 :] == answer


def test_a_script_is_put_activated_and_deleted() -> None:
    account = first_account()
    lines = talk(
        speak_sieve,
        LOGIN,
        'PUTSCRIPT "a \\"b\\"" {5+}',
        "keep;",
        'SETACTIVE "a \\"b\\""',
        "LISTSCRIPTS",
        'SETACTIVE ""',
        'DELETESCRIPT "a \\"b\\""',
        "LISTSCRIPTS",
        "LOGOUT",
        account=account,
    )
    assert '"a \\"b\\"" ACTIVE' in lines
    assert lines[-3:] == ['"hello"', 'OK "Done."', 'OK "Done."']


def test_there_is_room_for_only_so_many_scripts() -> None:
    puts = [f'PUTSCRIPT "{number}" "keep;"' for number in range(25)]
    assert talk(speak_sieve, LOGIN, *puts)[-1] == 'NO (QUOTA/MAXSCRIPTS) "Too many scripts."'


@pytest.mark.parametrize("size", [SCRIPT_LIMIT_BYTES + 1, 999_999_999, 100])
def test_a_literal_too_long_or_cut_off_ends_the_session(size: int) -> None:
    assert len(talk(speak_sieve, f'PUTSCRIPT "x" {{{size}+}}', "abc", "NOOP")) == GREETING_LINES
