"""A process that is really killed, at random moments, with a folder for a store."""

import asyncio
import contextlib
import os
import random
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from certs.clock import SystemClock
from certs.manager.deploy import NowhereDeployer
from certs.manager.kit import ManagerKit
from certs.manager.manager import Manager
from certs.manager.revocations import Revocation, Revocations
from certs.renewal.budget import budget_key
from certs.renewal.state import state_key
from certs.spec import AcmeSettings, Issuer
from certs.store.filestore import FileStore
from certs.store.unit import Version
from certs.store.versions import Versions
from tests.support.fakeca.process import FakeCaProcess, running_fake_ca_process
from tests.support.manager_world import NAME, lineage, managed
from tests.support.ports import Ports
from tests.support.recording_solver import recording_solvers

_ROUNDS = 8
_KILLS = 3
_ENOUGH_S = 6.0


def test_one_order_for_each_need_whenever_it_is_killed(tmp_path: Path, ports: Ports) -> None:
    place, dice = tmp_path / "store", random.Random(9)
    store = FileStore(place)
    versions = Versions(store)
    with running_fake_ca_process(
        tmp_path / "ca", ports, http_port=ports.take(), tls_port=ports.take()
    ) as ca:
        ca.change(validation="always_valid", is_order_reused=True, has_order_list=False)
        current, needs, kills, until = None, 0, 0, time.monotonic() + _ENOUGH_S
        while needs < _ROUNDS and time.monotonic() < until:
            needs += 1
            for _ in range(_KILLS):
                kills += run(ca, place, kill_after_s=dice.uniform(0.0, 0.25))
                found = versions.current(lineage())
                # Whenever it was: what is pointed to is whole.
                assert versions.problems == ()
                assert current is None or found is not None
            run(ca, place, is_enough=lambda: is_done(store, current))  # noqa: B023
            renewed = versions.current(lineage())
            assert renewed is not None
            assert current is None or renewed.id != current.id
            record = ca.record()
            assert record.orders == record.certificates == {NAME: needs}
            assert record.violations == []
            current = renewed
            make_due(store, current)
        assert needs >= 2
        assert kills >= needs


def is_done(store: FileStore, before: Version | None) -> bool:
    """Whether another version is current, and nothing is left of its order."""
    found = Versions(store).current(lineage())
    is_new = found is not None and (before is None or found.id != before.id)
    return is_new and store.list("orders") == []


def make_due(store: FileStore, current: Version) -> None:
    """As if it had been revoked by a command; budgets begin anew."""
    store.delete(state_key(lineage()))
    store.delete(budget_key("first"))
    revoked = Revocation(version=current.id, reason="superseded")
    Revocations(store).keep(lineage(), revoked)


def run(
    ca: FakeCaProcess,
    place: Path,
    *,
    kill_after_s: float | None = None,
    is_enough: Callable[[], bool] = lambda: False,
) -> bool:
    """A manager in a process of its own until it is killed; whether it was still alive then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 does not like forks where threads are
        child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            asyncio.run(manage(ca, place, is_enough))
        os._exit(0)
    if kill_after_s is None:
        os.waitpid(child, 0)
        return False
    time.sleep(kill_after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


async def manage(ca: FakeCaProcess, place: Path, is_enough: Callable[[], bool]) -> None:
    """The child's whole life."""
    issuer = Issuer(name="first", directory=ca.directory, ca_bundle=ca.ca_bundle)
    manager = Manager(
        ManagerKit(
            managed=[managed()],
            settings=AcmeSettings(
                email=None, agree_to_terms=True, issuers=(issuer,), user_agent="stalwart-edge/test"
            ),
            store=FileStore(place),
            solvers=recording_solvers(),
            deployer=NowhereDeployer(),
            clock=SystemClock(),
            rng=random.Random(),
            sink=lambda _: None,
        ),
        tick_s=0.1,
    )
    async with asyncio.timeout(20):
        running = asyncio.ensure_future(manager.run())
        while not is_enough():  # noqa: ASYNC110 - what it looks at is a disk
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running])
