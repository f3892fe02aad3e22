"""A client that vanishes in the middle of DATA takes its message with it, wherever it is cut.

Its stream ends without close_notify, which is an abort (RFC 8446 section 6.1): the backend sees a
reset, not an end of stream that could pass for the end of a message.
"""

import pytest

from tests.support.clear import ClearClient
from tests.support.fake_backend import Conversation
from tests.support.hosts import PostfixHost
from tests.support.pki import HOSTNAME, Pki
from tests.support.postfix import DOMAIN
from tests.support.scripts import mailbox
from tests.support.stage import Stage
from tests.support.tls_peer import TruncatedError

ENVELOPE = [b"EHLO x.example.org\r\n", b"MAIL FROM:<a@example.org>\r\n"]
MESSAGE = b"Subject: cut\r\n\r\nfirst line\r\n..dots\r\nlast line\r\n.\r\n"
CUTS = [0, 1, 10, 14, 16, 20, 30, len(MESSAGE) - 5, len(MESSAGE) - 4, len(MESSAGE) - 3,
        len(MESSAGE) - 2, len(MESSAGE) - 1]  # fmt: skip


def reply(peer_line: bytes) -> bool:
    """Whether this is the last line of an SMTP reply."""
    return peer_line[3:4] != b"-"


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize("cut", CUTS)
def test_nothing_is_delivered(cut: int, mode: str, stage: Stage, pki: Pki) -> None:
    delivered: list[bytes] = []
    role = stage["smtp"]
    with role.play(mailbox(delivered)) as scene, ClearClient(role.port(mode)) as client:
        if mode == "starttls":
            peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        else:
            peer = client.tls(pki.client_context(), HOSTNAME)
            peer.line()
        for command in [*ENVELOPE, b"RCPT TO:<b@example.org>\r\n", b"DATA\r\n"]:
            peer.send(command)
            while not reply(peer.line()):
                pass
        if cut:
            peer.send(MESSAGE[:cut])
        address = client.address
        client.sock.close()
        assert scene.client(client.ip).wait_end() == "reset"
        assert stage.edge.closed(address)["outcome"] == "client_aborted"
    assert delivered == []


def test_the_whole_message_is_delivered(stage: Stage, pki: Pki) -> None:
    """One byte more than the last cut; without this, the test above could not fail."""
    delivered: list[bytes] = []
    role = stage["smtp"]
    with role.play(mailbox(delivered)) as scene, ClearClient(role.starttls) as client:
        peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        peer.send(b"DATA\r\n")
        assert peer.line().startswith(b"354")
        peer.send(MESSAGE)
        client.sock.close()
        scene.client(client.ip).wait_end()
    assert delivered == [MESSAGE]


def test_postfix_keeps_nothing(postfix_host: PostfixHost, pki: Pki) -> None:
    with ClearClient(postfix_host.mx) as client:
        peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        for command in [*ENVELOPE, b"RCPT TO:<cut@%s>\r\n" % DOMAIN.encode(), b"DATA\r\n"]:
            peer.send(command)
            while not reply(peer.line()):
                pass
        peer.send(MESSAGE[:-2])
    line = postfix_host.postfix.daemon.wait_for_line("lost connection after DATA")
    assert client.ip in line


def test_a_cut_by_the_backend_reaches_the_client(stage: Stage, pki: Pki) -> None:
    """The reverse: a backend's reset is no close_notify, so that the client knows."""

    def reset(one: Conversation) -> None:
        one.send(b"220 ready\r\n")
        one.line()
        one.reset()

    with stage["smtp"].play(reset), ClearClient(stage["smtp"].starttls) as client:
        peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        peer.send(b"EHLO x\r\n")
        with pytest.raises((TruncatedError, ConnectionResetError)):
            peer.receive()
    assert stage.edge.closed(client.address)["outcome"] == "backend_aborted"
