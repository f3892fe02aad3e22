"""The CA's window (RFC 9773): moved, past, of another certificate."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.events import Obtained, Revoked, WindowMoved
from tests.support.fakeca import Interruption, Window
from tests.support.manager_world import DAY, HOUR, World, managed

Worlds = Callable[..., AbstractAsyncContextManager[World]]
URL = "https://ca.example/incident"


def test_a_window_that_moved_is_told_with_its_explanation_and_followed(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.pass_by(DAY)
            on.ca.faults.window = Window(
                kind="moved", start_s=2 * 86400, end_s=3 * 86400, explanation_url=URL
            )
            await on.until(lambda: on.of(WindowMoved), within=2 * DAY)
            moved = on.of(WindowMoved)[0]
            assert moved.explanation_url == URL
            (window,) = on.operations().show("mail.example.org").windows
            assert window.start <= window.picked_at <= window.end  # type: ignore[operator]
            on.ca.faults.window = Window()
            on.ca.faults.interruptions = [Interruption(resource="renewalInfo", times=None)]
            await on.pass_by(4 * DAY)
            assert on.ordered() == 2
            assert len(on.ca.record.replaced) == 1

    asyncio.run(scene())


def test_one_that_is_called_back_is_replaced_at_once(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.pass_by(DAY)
            leaf = on.served()
            on.ca.faults.window = Window(explanation_url=URL)
            issued = on.ca.state.certificate_of(str(on.current().meta.cert_id))
            assert issued is not None
            issued.revocation_reason = 4
            await on.until(lambda: on.of(Revoked), within=30 * HOUR)
            await on.settle()
            assert URL in on.of(Revoked)[0].reason
            assert on.served() != leaf
            assert on.ordered() == 2
            await on.pass_by(5 * DAY)
            assert on.ordered() == 2
            assert len(on.of(Revoked)) == 1

    asyncio.run(scene())


def test_what_is_known_is_of_the_certificate_in_use(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running():
            await on.pass_by(70 * DAY)
            assert len(on.of(Obtained)) == 2
            keeper = on.managers[0].keepers[managed().name]
            ari = on.managers[0].parts.books.state(keeper.lineages[0]).ari
            assert ari is not None
            assert ari.cert_id == on.current().meta.cert_id

    asyncio.run(scene())


def test_the_moment_picked_outlives_restarts(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on:
            planned = set()
            for _ in range(5):
                async with on.running():
                    await on.settle()
                    planned.add(on.operations().list()[0].next_renewal_at)
                on.clock.pass_by(3600)
            assert len(planned) == 1

    asyncio.run(scene())


def test_questions_are_a_second_apart(a_world: Worlds) -> None:
    async def scene() -> None:
        wanted = [managed(f"n{number}.example.org") for number in range(6)]
        async with a_world(wanted=wanted) as on:
            await on.start()
            on.clock.pass_by(2 * 86400)
            asked, began = on.ca.record.count("renewalInfo"), on.clock.monotonic()
            await on.start()
            assert on.ca.record.count("renewalInfo") == asked + 6
            assert on.clock.monotonic() - began >= 5

    asyncio.run(scene())
