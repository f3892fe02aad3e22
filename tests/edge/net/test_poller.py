"""The epoll set inside the loop: who is told, who no longer is, and that a bug stays local."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import uvloop

from edge.net.poller import Poller


def run(check: Callable[[Poller, list[BaseException]], Awaitable[None]]) -> None:
    async def body() -> None:
        bugs: list[BaseException] = []
        poller = Poller(asyncio.get_running_loop(), bugs.append)
        try:
            await asyncio.wait_for(check(poller, bugs), 10)
        finally:
            poller.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(body())


async def turns(count: int = 3) -> None:
    """Let the loop look at its descriptors a few times."""
    for _ in range(count):
        await asyncio.sleep(0.01)


def test_reader_and_writer_of_one_descriptor() -> None:
    async def check(poller: Poller, bugs: list[BaseException]) -> None:
        near, far = socket.socketpair()
        with near, far:
            calls: list[str] = []
            poller.add_reader(near.fileno(), lambda: calls.append("read"))
            await turns()
            assert calls == []
            poller.add_writer(near.fileno(), lambda: calls.append("write"))
            await turns()
            assert set(calls) == {"write"}
            poller.remove_writer(near.fileno())
            calls.clear()
            far.send(b"x")
            await turns()
            assert set(calls) == {"read"}
            poller.forget(near.fileno())
        assert bugs == []

    run(check)


def test_a_paused_descriptor_that_hangs_up_does_not_spin() -> None:
    async def check(poller: Poller, bugs: list[BaseException]) -> None:
        near, far = socket.socketpair()
        with near:
            calls: list[str] = []
            poller.add_reader(near.fileno(), lambda: calls.append("read"))
            poller.remove_reader(near.fileno())
            far.close()
            await turns()
            assert calls == []
            poller.add_reader(near.fileno(), lambda: calls.append("read"))
            await turns()
            assert calls
            poller.forget(near.fileno())

    run(check)


def test_a_number_that_is_given_out_again_is_a_new_descriptor() -> None:
    async def check(poller: Poller, bugs: list[BaseException]) -> None:
        calls: list[str] = []
        for name in ("first", "second"):
            near, far = socket.socketpair()
            number = near.fileno()
            poller.add_reader(number, lambda name=name: calls.append(name))
            far.send(b"x")
            await turns()
            poller.forget(number)
            near.close()
            far.close()
        assert set(calls) == {"first", "second"}
        assert bugs == []

    run(check)


def test_a_bug_ends_one_descriptor_and_no_other() -> None:
    async def check(poller: Poller, bugs: list[BaseException]) -> None:
        pairs = [socket.socketpair() for _ in range(2)]
        calls: list[str] = []
        poller.add_reader(pairs[0][0].fileno(), lambda: calls.append(str(1 // 0)))
        poller.add_reader(pairs[1][0].fileno(), lambda: calls.append("fine"))
        for _, far in pairs:
            far.send(b"x")
        await turns()
        assert "fine" in calls
        assert [type(bug) for bug in bugs] == [ZeroDivisionError]
        for near, far in pairs:
            poller.forget(near.fileno())
            near.close()
            far.close()

    run(check)
