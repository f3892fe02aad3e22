"""Each direction of a session ends by itself: close_notify becomes FIN, and FIN close_notify."""

import ssl

import pytest

from tests.support.clear import ClearClient
from tests.support.fake_backend import Conversation
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import greet_and
from tests.support.stage import Stage

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
ANSWER = b"answer\r\n" * 20_000


def answer_after_the_end(one: Conversation) -> None:
    """Nothing is said until the client has ended its direction."""
    one.drain()
    one.send(ANSWER)


def end_first(one: Conversation) -> None:
    one.send(ANSWER)
    one.half_close()
    one.drain()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_backend_answers_a_client_that_has_ended(
    version: ssl.TLSVersion, stage: Stage, pki: Pki
) -> None:
    with (
        stage["smtp"].play(greet_and("smtp", answer_after_the_end)) as scene,
        ClearClient(stage["smtp"].starttls) as client,
    ):
        peer = client.upgrade("smtp", pki.client_context(version=version), HOSTNAME)
        peer.send(b"last words\r\n")
        peer.close_notify()
        assert peer.rest() == ANSWER
        assert bytes(scene.client(client.ip).received) == b"last words\r\n"
        assert scene.client(client.ip).wait_end() == "eof"
    record = stage.edge.closed(client.address)
    assert record["outcome"] in {"client_closed", "backend_closed"}
    assert (record["bytes_in"], record["bytes_out"]) == (len(b"last words\r\n"), len(ANSWER))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_client_goes_on_after_the_backend_has_ended(
    version: ssl.TLSVersion, stage: Stage, pki: Pki
) -> None:
    with (
        stage["smtp"].play(greet_and("smtp", end_first)) as scene,
        ClearClient(stage["smtp"].starttls) as client,
    ):
        peer = client.upgrade("smtp", pki.client_context(version=version), HOSTNAME)
        assert peer.rest() == ANSWER
        peer.send(b"one more thing\r\n")
        peer.close_notify()
        assert scene.client(client.ip).wait_end() == "eof"
        assert bytes(scene.client(client.ip).received) == b"one more thing\r\n"
    record = stage.edge.closed(client.address)
    assert record["outcome"] in {"client_closed", "backend_closed"}


def test_a_bare_end_of_the_connection_is_an_abort(stage: Stage, pki: Pki) -> None:
    with (
        stage["smtp"].play(greet_and("smtp", answer_after_the_end)) as scene,
        ClearClient(stage["smtp"].starttls) as client,
    ):
        peer = client.upgrade("smtp", pki.client_context(), HOSTNAME)
        peer.send(b"last words\r\n")
        address = client.address
        client.sock.close()
        assert scene.client(client.ip).wait_end() == "reset"
        assert stage.edge.closed(address)["outcome"] == "client_aborted"
