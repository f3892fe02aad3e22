"""Parts that never come back: they hold up nobody else for ever."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.events import Defect
from certs.spec import ChallengeType
from tests.support.manager_world import World, managed
from tests.support.recording_solver import RecordingSolver

Worlds = Callable[..., AbstractAsyncContextManager[World]]


class Hanging(RecordingSolver):
    """A program that waits for a name server that is away."""

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        if identifier.startswith("hangs"):
            await asyncio.Event().wait()


def test_two_certificates_whose_names_hang_give_up_their_places(a_world: Worlds) -> None:
    async def scene() -> None:
        wanted = [managed(f"{name}.example.org") for name in ("hangs1", "hangs2", "good")]
        async with a_world(wanted=wanted) as on:
            on.solvers = {one: Hanging(type=one) for one in ChallengeType}
            async with on.running(look_deadline_s=0.5):
                await on.ca.wait_for(lambda record: "good.example.org" in record.certificates)
            stuck = {one.certificate for one in on.of(Defect)}
            assert stuck == {"hangs1.example.org", "hangs2.example.org"}
            assert "TimeoutError" in on.of(Defect)[0].error

    asyncio.run(scene())
