"""Messages arrive whole and in order; a full queue is said, a closed end is EOF."""

import pytest

from edge.run.ipc import Joined, LearntBackend, Ready, Snapshot, pair

BACKEND = LearntBackend(
    name="mx",
    endpoints=[(2, "127.0.0.1", 25, "127.0.0.1:25"), (1, "/run/mx.sock", 0, "unix:/run/mx.sock")],
    protocol="smtp",
    banner=b"mail.example.org ESMTP",
    capabilities=[b"PIPELINING", b"SIZE 1000"],
    ehlo=b"mail.example.org",
)


@pytest.mark.parametrize("message", [Snapshot([BACKEND]), Snapshot([]), Joined(7), Ready(8)])
def test_round_trip(message: Snapshot | Joined | Ready) -> None:
    left, right = pair()
    assert left.send(message)
    assert right.receive() == message
    assert right.receive() is None
    left.close()
    with pytest.raises(EOFError):
        right.receive()
    right.close()


def test_a_queue_that_nobody_reads_fills_and_never_blocks() -> None:
    left, right = pair()
    sent = 0
    while left.send(Ready(sent)):
        sent += 1
        assert sent < 100_000
    assert [right.receive() for _ in range(3)] == [Ready(0), Ready(1), Ready(2)]
    left.close()
    right.close()


def test_two_hundred_backends_fit_into_one_message() -> None:
    left, right = pair()
    snapshot = Snapshot([BACKEND] * 200)
    assert left.send(snapshot)
    assert right.receive() == snapshot
    left.close()
    right.close()
