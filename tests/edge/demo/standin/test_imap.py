"""The stand-in's IMAP, as dialogues."""

import base64

import pytest

from edge.demo.standin.account import first_account
from edge.demo.standin.imap import speak_imap
from tests.edge.demo.standin.talk import talk

LOGIN = "a LOGIN demo demo"
PLAIN = base64.b64encode(b"\0demo\0demo").decode()


def test_greets_like_stalwart() -> None:
    (greeting,) = talk(speak_imap)
    assert greeting.startswith("* OK [CAPABILITY IMAP4rev1 ")
    assert greeting.endswith("] Stalwart IMAP4rev1 at your service.")
    assert "STARTTLS" not in greeting


@pytest.mark.parametrize(
    "commands",
    [
        (LOGIN,),
        ('a LOGIN "demo" "demo"',),
        (f"a AUTHENTICATE PLAIN {PLAIN}",),
        ("a AUTHENTICATE PLAIN", PLAIN),
    ],
)
def test_login_works_with_the_ssl_tlv_and_only_with_it(commands: tuple[str, ...]) -> None:
    assert talk(speak_imap, *commands)[-1] == "a OK Authenticated."
    refused = "a NO LOGIN is disabled on the clear-text port."
    assert refused in talk(speak_imap, *commands, tls=False)


@pytest.mark.parametrize(
    "command",
    [
        "a LOGIN demo wrong",
        "a LOGIN demo",
        'a LOGIN "" ""',
        "a AUTHENTICATE PLAIN not-base64",
        "a AUTHENTICATE PLAIN " + base64.b64encode(b"demo").decode(),
        "a AUTHENTICATE PLAIN " + base64.b64encode(b"\0\xff\0demo").decode(),
    ],
)
def test_wrong_credentials(command: str) -> None:
    assert talk(speak_imap, command)[-1] == "a NO [AUTHENTICATIONFAILED] No."


@pytest.mark.parametrize("command", ["SELECT INBOX", "FETCH 1 (FLAGS)", 'LIST "" *', "XYZZY"])
def test_nothing_before_login(command: str) -> None:
    assert talk(speak_imap, f"a {command}")[-1] == "a NO Authenticate first."


def test_reads_the_message() -> None:
    message = first_account().messages[0].content.decode()
    answer = "\r\n".join(talk(speak_imap, LOGIN, "b SELECT INBOX", "c FETCH 1 (BODY[])"))
    assert "\r\n* 1 EXISTS\r\n" in answer
    assert answer.endswith(f"* 1 FETCH (BODY[] {{{len(message)}}}\r\n{message})\r\nc OK Completed.")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("SEARCH ALL", "* SEARCH 1 2 3"),
        ("UID SEARCH ALL", "* SEARCH 1 3 4"),
        ("FETCH 2 UID", "* 2 FETCH (UID 3)"),
        ("UID FETCH 3 FLAGS", "* 2 FETCH (UID 3 FLAGS ())"),
        ("FETCH * (UID RFC822.SIZE)", "* 3 FETCH (UID 4 RFC822.SIZE 9)"),
        ("FETCH 3 (BODY.PEEK[TEXT])", "* 3 FETCH (BODY[TEXT] {1}"),
        ("FETCH 7:9 FLAGS", "c OK Completed."),
        ("FETCH 99999999999999999999 FLAGS", "c OK Completed."),
        ("FETCH x FLAGS", "c OK Completed."),
        ("FETCH 1 (MODSEQ)", "c BAD Unknown FETCH item."),
        ("FETCH 1", "c BAD Unknown FETCH item."),
        (r"STORE 1 +FLAGS (\Seen)", "c NO This mailbox is read-only."),
        ("STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 3 "),
        ("SELECT Other", "c NO [NONEXISTENT] There is only INBOX."),
        ("STARTTLS", "c NO TLS is not available."),
    ],
)
def test_commands_in_a_mailbox(command: str, answer: str) -> None:
    account = first_account()
    for content in (b"gone", b"A: b\r\n\r\nc", b"A: b\r\n\r\nd"):
        account.deliver(content)
    del account.messages[1]
    lines = talk(speak_imap, LOGIN, "b SELECT INBOX", f"c {command}", account=account)
    at = lines.index("b OK [READ-ONLY] Selected.") + 1
    assert lines[at].startswith(answer)


def test_fetch_needs_a_selected_mailbox() -> None:
    lines = talk(speak_imap, LOGIN, "b SELECT INBOX", "c CLOSE", "d FETCH 1 FLAGS")
    assert lines[-1] == "d BAD Unknown command, or no mailbox selected."


def test_idle_and_logout() -> None:
    lines = talk(speak_imap, LOGIN, "b IDLE", "DONE", "c LOGOUT", "d NOOP")
    assert lines[2:4] == ["+ Idling.", "b OK Completed."]
    assert lines[-1] == "c OK Bye."


def test_a_line_past_the_limit_ends_the_session() -> None:
    assert len(talk(speak_imap, "a NOOP " + "x" * 10_000, "b NOOP")) == 1
