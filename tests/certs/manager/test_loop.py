"""The loop itself: ended at any moment, and never by what goes wrong inside."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from certs.challenges.solver import Proof
from certs.events import ClockJumped, Defect, Obtained, StoreTrouble
from certs.manager.manager import Manager
from certs.spec import ChallengeType
from certs.store.memory import MemoryStore
from certs.store.protocol import StoreError
from tests.support.fake_deployer import FakeDeployer
from tests.support.manager_world import DAY, HOUR, NAME, World, managed
from tests.support.recording_solver import RecordingSolver

Worlds = Callable[..., AbstractAsyncContextManager[World]]


def test_cancelled_at_any_moment(a_world: Worlds) -> None:
    async def scene() -> None:
        dice = random.Random(3)
        async with a_world(wanted=[managed(), managed("b.example.org")]) as on:
            moments = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, *(dice.randrange(400) for _ in range(20))]
            for moment in moments:
                manager = Manager(on.kit())
                running = asyncio.ensure_future(manager.run())
                for _ in range(moment):
                    await asyncio.sleep(0)
                running.cancel()
                async with asyncio.timeout(5):
                    await asyncio.wait([running])
                assert running.cancelled()
                names = {task.get_name() for task in asyncio.all_tasks()}
                assert not [n for n in names if n.startswith(("certificate", "tick", "woken"))]
                assert all(solver.up == [] for solver in on.solvers.values())
            on.clock.pass_by(3600)
            await on.start()
            assert on.ca.record.certificates == {NAME: 1, "b.example.org": 1}
            assert len(on.ca.state.accounts) == 1

    asyncio.run(scene())


class BrokenStore(MemoryStore):
    """Nothing works while it `is_broken`."""

    is_broken = True

    def _check(self, key: str) -> None:
        if self.is_broken:
            raise StoreError("input/output error", place=key, remedy="Check the disk.")

    def get(self, key: str) -> bytes | None:
        self._check(key)
        return super().get(key)

    def put(self, key: str, value: bytes) -> None:
        self._check(key)
        super().put(key, value)

    def list(self, prefix: str) -> list[str]:
        self._check(prefix)
        return super().list(prefix)

    def watch(self, prefix: str) -> str:
        self._check(prefix)
        return super().watch(prefix)

    def lock(self, name: str):  # type: ignore[no-untyped-def]
        self._check(name)
        return super().lock(name)

    def probe(self, size_bytes: int) -> None:
        self._check("probe")


def test_a_store_where_nothing_works(a_world: Worlds) -> None:
    async def scene() -> None:
        store = BrokenStore()
        async with a_world(store=store, tick_s=60.0) as on, on.running():
            await on.pass_by(DAY)
            # Listeners answer all the same, and the log is not filled.
            assert on.deployer.served[NAME][0].is_self_signed
            assert 10 < len(on.of(StoreTrouble)) < 300
            assert on.ca.record.requests == []
            assert on.of(Defect) == []
            store.is_broken = False
            await on.until(lambda: on.of(Obtained), within=HOUR)
            await on.settle()
            assert on.served() == on.current().certificate.leaf_sha256

    asyncio.run(scene())


class Buggy(RecordingSolver):
    """Nobody expects this of a solver."""

    bugs_left = 3

    async def present(self, proof: Proof) -> None:
        if proof.identifier == "bug.example.org" and self.bugs_left:
            self.bugs_left -= 1
            raise KeyError("a secret that is not to be told")
        await super().present(proof)


def test_a_bug_at_one_certificate_stops_no_other(a_world: Worlds) -> None:
    async def scene() -> None:
        wanted = [managed("bug.example.org", challenges=(ChallengeType.HTTP_01,)), managed()]
        async with a_world(wanted=wanted) as on:
            on.solvers[ChallengeType.HTTP_01] = Buggy(type=ChallengeType.HTTP_01)
            async with on.running():
                await on.until(lambda: on.of(Obtained), within=HOUR)
                assert on.ca.record.certificates == {NAME: 1}
                (defect, *_) = on.of(Defect)
                assert defect.certificate == "bug.example.org"
                assert "KeyError at test_loop.py" in defect.error
                assert "secret" not in on.told()
                await on.pass_by(DAY / 2)
                assert on.ca.record.certificates == {NAME: 1, "bug.example.org": 1}
                # Not hammered with it either: as after any failure.
                assert on.ca.record.orders["bug.example.org"] <= 4

    asyncio.run(scene())


class Absurd(FakeDeployer):
    """Raises what no deployer may."""

    is_absurd = True

    async def verify(self, wanted):  # type: ignore[no-untyped-def]
        if self.is_absurd:
            raise LookupError("what?")
        return await super().verify(wanted)


def test_a_bug_in_what_serves(a_world: Worlds) -> None:
    async def scene() -> None:
        deployer = Absurd()
        async with a_world(deployer=deployer) as on, on.running() as manager:
            await on.pass_by(HOUR)
            assert on.of(Defect)
            assert on.ordered() == 1
            deployer.is_absurd = False
            await on.pass_by(DAY)
            assert on.served() == on.current().certificate.leaf_sha256
            assert manager.parts.serving.is_served[NAME]
            assert on.ordered() == 1

    asyncio.run(scene())


def test_a_command_wakes_it(a_world: Worlds) -> None:
    async def scene() -> None:
        async with a_world() as on, on.running() as manager:
            await on.settle()
            looked = on.clock.now()
            manager.wake()
            await on.settle()
            assert on.clock.now() == looked
            assert on.of(ClockJumped) == []

    asyncio.run(scene())


def test_many_certificates(a_world: Worlds) -> None:
    jobs = 20

    async def scene() -> None:
        wanted = [managed(f"n{number}.example.org") for number in range(jobs)]
        async with a_world(wanted=wanted) as on, on.running():
            await on.pass_by(HOUR)
            assert len(on.ca.record.certificates) == jobs
            assert set(on.ca.record.orders.values()) == {1}
            assert all(one.is_served for one in on.operations().list())

    asyncio.run(scene())
