"""All workers serve the new certificates before anybody is told that they are served."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta

import pytest

import certs
from edge.run import distributing
from edge.run.distributing import Distributor
from edge.run.ipc import Channel, Picture, Ready, Shown, pair
from edge.run.picture import CertificatePicture, unpack

NOW = datetime(2026, 11, 24, tzinfo=UTC)
A = certs.self_signed(["a.example.org"], now=NOW, valid_for=timedelta(days=9))
B = certs.self_signed(["b.example.org"], now=NOW, valid_for=timedelta(days=9))


class Worker:
    """The other end of a channel, driven by the test."""

    def __init__(self) -> None:
        self.control, self.channel = pair()
        self.generation = 0

    def seen(self) -> CertificatePicture | None:
        """The next picture that has come, if any."""
        message = self.channel.receive()
        if message is None:
            return None
        assert isinstance(message, Picture)
        self.generation = message.generation
        return unpack(self.channel.take_fd())

    def say(self, distributor: Distributor) -> None:
        distributor.heard(self.control, Shown(1, self.generation))

    async def next(self) -> CertificatePicture:
        """The next picture, once it comes."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self.channel.fileno(), readable.set)
        await readable.wait()
        loop.remove_reader(self.channel.fileno())
        picture = self.seen()
        assert picture is not None
        return picture

    def close(self) -> None:
        self.control.close()
        self.channel.close()


@pytest.fixture
def hire() -> Iterator[Callable[[], Worker]]:
    hired: list[Worker] = []

    def one() -> Worker:
        hired.append(Worker())
        return hired[-1]

    yield one
    for worker in hired:
        worker.close()


Hire = Callable[[], Worker]


def run(body: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 20))


async def passes() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_it_returns_once_every_worker_has_said_so(hire: Hire) -> None:
    async def body() -> None:
        one, other = hire(), hire()
        distributor = Distributor([one.control, other.control], [A])
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(distributor.show_sets([A, B]), name="show")
            await passes()
            for worker in (one, other):
                picture = worker.seen()
                assert picture is not None
                assert [s.names for s in picture.sets] == [A.names, B.names]
            one.say(distributor)
            await passes()
            assert not task.done()
            other.say(distributor)
            await task

    run(body())


def test_challenges_and_certificates_are_one_picture(hire: Hire) -> None:
    async def body() -> None:
        worker = hire()
        distributor = Distributor([worker.control], [A])
        answer = certs.ChallengeCertificate(identifier="a.example.org", pem=b"PEM")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(distributor.show_challenges({"a.example.org": answer}), name="1")
            tasks.create_task(distributor.show_sets([B]), name="2")
            await passes()
            first, second = worker.seen(), worker.seen()
            assert first is not None
            assert second is not None
            assert first.sets == (A,)
            assert second.sets == (B,)
            assert first.challenges == second.challenges == {"a.example.org": b"PEM"}
            worker.say(distributor)

    run(body())


def test_sessions_are_forgotten_once_and_for_newcomers_too(hire: Hire) -> None:
    async def body() -> None:
        worker = hire()
        distributor = Distributor([worker.control], [B])
        epochs = []
        for forget in (False, True, False):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(distributor.show_sets([A], forget_sessions=forget), name="show")
                await passes()
                picture = worker.seen()
                assert picture is not None
                epochs.append(picture.session_epoch)
                worker.say(distributor)
        distributor.welcome(worker.control)
        picture = worker.seen()
        assert picture is not None
        assert epochs[0] == 0 < epochs[1]
        assert [*epochs, picture.session_epoch] == [0, *[epochs[1]] * 3]

    run(body())


def test_a_newcomer_is_waited_for_like_the_others(hire: Hire) -> None:
    async def body() -> None:
        worker = hire()
        distributor = Distributor([worker.control], [A])
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(distributor.show_sets([B]), name="show")
            await passes()
            assert worker.seen() is not None  # … and the worker dies; its successor joins
            distributor.welcome(worker.control)
            await passes()
            assert not task.done()
            assert worker.seen() is not None
            worker.say(distributor)

    run(body())


def test_before_anything_changed_a_newcomer_knows_enough(hire: Hire) -> None:
    async def body() -> None:
        worker = hire()
        Distributor([worker.control], [A]).welcome(worker.control)
        assert worker.seen() is None

    run(body())


def test_a_full_queue_is_told_again_once_it_is_read(hire: Hire) -> None:
    def fill(channel: Channel) -> int:
        sent = 0
        while channel.send(Ready(sent)):
            sent += 1
        return sent

    async def body() -> None:
        worker = hire()
        count = fill(worker.control)
        distributor = Distributor([worker.control], [A])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(distributor.show_sets([B]), name="show")
            await passes()
            for number in range(count):
                assert worker.channel.receive() == Ready(number)
            await worker.next()
            worker.say(distributor)

    run(body())


def test_a_worker_that_never_says_so_is_an_error(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributing, "_PATIENCE_S", 0.05)

    async def body() -> None:
        worker = hire()
        with pytest.raises(TimeoutError):
            await Distributor([worker.control], [A]).show_sets([B])

    run(body())


def test_who_hangs_is_waited_for_once(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way back, and each further try, must not take as long again, until it is heard of."""
    monkeypatch.setattr(distributing, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(distributing, "_PATIENCE_WITH_LATE_S", 0.0)

    async def body() -> None:
        worker = hire()
        distributor = Distributor([worker.control], [A])
        loop = asyncio.get_running_loop()
        took = []
        for sets in ([B], [A], [B]):
            began = loop.time()
            if len(took) == 2:
                await worker.next()
                worker.say(distributor)
            with pytest.raises(TimeoutError):
                await distributor.show_sets(sets)
            took.append(loop.time() - began)
        assert took[1] < 0.2 < min(took[0], took[2])

    run(body())


def test_what_was_said_to_a_predecessor_does_not_count(hire: Hire) -> None:
    """Its counts are over, and workers may serve whatever it has shown them."""

    async def body() -> None:
        worker = hire()
        async with asyncio.TaskGroup() as tasks:
            first = Distributor([worker.control], [A])
            tasks.create_task(first.show_sets([B]), name="show")
            await worker.next()
            worker.say(first)
        late = worker.generation
        second = Distributor([worker.control], [A], is_first=False)
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(second.show_sets([A]), name="show")
            picture = await worker.next()
            assert picture.sets[0].names == A.names
            second.heard(worker.control, Shown(1, late))
            await passes()
            assert not showing.done()
            worker.say(second)

    run(body())


def test_what_workers_were_forked_with_is_not_sent(hire: Hire) -> None:
    async def body() -> None:
        worker = hire()
        await Distributor([worker.control], [A, B]).show_sets([B, A])
        assert worker.seen() is None

    run(body())


def test_a_worker_without_descriptors_is_told_again(hire: Hire) -> None:
    async def body() -> None:
        worker = hire()
        distributor = Distributor([worker.control], [A])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(distributor.show_sets([B]), name="show")
            await worker.next()
            distributor.heard(worker.control, Shown(1, 0))
            await worker.next()
            worker.say(distributor)

    run(body())
