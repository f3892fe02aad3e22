"""Pipelining before STARTTLS: answered in order, and STARTTLS must end what was sent."""

import pytest

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.events import UpgradeAccepted
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import ONE_EACH, STARTTLS
from tests.edge.core.starttls.talk import each_byte, ended, talk

COMMANDS = {
    Protocol.SMTP: [b"EHLO x\r\n", b"NOOP\r\n", b"FOO\r\n", b"RSET x\r\n", b"MAIL FROM:<>\r\n"],
    Protocol.IMAP: [b"a CAPABILITY\r\n", b"b NOOP\r\n", b"c FOO\r\n", b"d\r\n", b"e ID NIL\r\n"],
    Protocol.POP3: [b"CAPA\r\n", b"FOO\r\n", b"USER x\r\n", b"CAPA x\r\n"],
    Protocol.SIEVE: [b"CAPABILITY\r\n", b'NOOP "1"\r\n', b"FOO\r\n", b'NOOP "2"\r\n'],
}


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_answers_come_in_order(learnt: Learnt) -> None:
    commands = COMMANDS[learnt.protocol]
    one_by_one = b"".join(talk(learnt, command).replies for command in commands)
    pipelined = b"".join(commands)
    for reads in ([pipelined], each_byte(pipelined), [pipelined[:7], pipelined[7:]]):
        result = talk(learnt, *reads)
        assert (result.replies, result.ending) == (one_by_one, None)


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_starttls_as_the_last_of_a_pipeline(learnt: Learnt) -> None:
    pipelined = b"".join(COMMANDS[learnt.protocol]) + STARTTLS[learnt.protocol]
    result = talk(learnt, pipelined)
    assert isinstance(result.ending, UpgradeAccepted)
    assert result.replies == talk(learnt, *COMMANDS[learnt.protocol]).replies


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
@pytest.mark.parametrize("byte", [b"\0", b" ", b"\n", b"Q", b"\x16"])
def test_one_byte_more_fails(learnt: Learnt, byte: bytes) -> None:
    pipelined = b"".join(COMMANDS[learnt.protocol]) + STARTTLS[learnt.protocol]
    result = talk(learnt, pipelined + byte)
    assert result.replies == talk(learnt, *COMMANDS[learnt.protocol]).replies
    assert ended(result).outcome is Outcome.STARTTLS_INJECTION


@pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
def test_a_quit_ends_the_pipeline(learnt: Learnt) -> None:
    leave = {
        Protocol.SMTP: b"QUIT\r\n",
        Protocol.IMAP: b"z LOGOUT\r\n",
        Protocol.POP3: b"QUIT\r\n",
        Protocol.SIEVE: b"LOGOUT\r\n",
    }[learnt.protocol]
    result = talk(learnt, leave + STARTTLS[learnt.protocol])
    assert result.replies == b""
    assert ended(result).outcome is Outcome.CLIENT_QUIT
