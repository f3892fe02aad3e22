"""Whatever goes wrong, in whatever order: in the end one certificate, its key, and no complaint."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, get_args

import pytest

from certs.acme.problem import AcmeProblem
from certs.store.memory import MemoryStore
from tests.support.certificates import chain_of, is_key_of, names_of
from tests.support.fakeca import Interruption, RetryAfter
from tests.support.fakeca.faults import Resource
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
NAMES = ("mail.example.org", "imap.example.org")
KEY = "imap.example.org,mail.example.org"
FAULTS = 8


@pytest.mark.parametrize("seed", range(25))
def test_one_certificate_in_the_end(stage: Stages, seed: int) -> None:
    rng = random.Random(seed)
    faults = [interruption(rng) for _ in range(FAULTS)]
    is_lets_encrypt = rng.random() < 0.5
    # Where open orders are not given again, each answer that is lost may cost one.
    lost = sum(f.times or 0 for f in faults if (f.resource, f.when) == ("newOrder", "after"))
    most_orders = 1 if is_lets_encrypt else 1 + lost

    async def scene() -> None:
        store = MemoryStore()
        async with stage() as on:
            on.ca.faults.interruptions = [*faults]
            on.ca.faults.nonce_rejection = rng.choice([0.0, 0.1, 0.5])
            on.ca.faults.has_nonce_on_errors = rng.random() < 0.8
            on.ca.faults.processing_polls = rng.randrange(4)
            on.ca.faults.authz_polls = rng.randrange(3)
            on.ca.faults.is_order_reused = is_lets_encrypt
            on.ca.faults.has_order_list = not is_lets_encrypt
            issued = None
            for _ in range(FAULTS + 1):
                try:
                    # Each attempt as after a restart: nothing is known but what is stored.
                    async with on.client(store=store) as client:
                        issued = await client.obtain(*NAMES, solvers=recording_solvers())
                        break
                except AcmeProblem:
                    continue
            assert issued is not None, faults
            leaf = chain_of(issued.chain_pem)[0]
            assert names_of(leaf) == set(NAMES)
            assert is_key_of(issued.key_pem, leaf)
            assert on.ca.record.certificates == {KEY: 1}
            assert on.ca.record.orders[KEY] <= most_orders
            assert len(on.ca.state.accounts) == 1
            assert on.ca.record.violations == []

    asyncio.run(scene())


def interruption(rng: random.Random) -> Interruption:
    """What happens to a CA behind a load balancer on a bad day."""
    wait = RetryAfter(seconds=rng.choice([0, 1, 5, 120]), is_date=rng.random() < 0.5)
    return Interruption(
        resource=rng.choice(get_args(Resource)),
        skip=rng.randrange(3),
        times=rng.choice([1, 1, 2, 4]),
        when=rng.choice(["before", "after"]),
        do=rng.choice(["problem", "html", "empty", "drop", "cut"]),
        status=rng.choice([500, 502, 503, 504, 429]),
        name=rng.choice(["serverInternal", "rateLimited"]),
        retry_after=wait if rng.random() < 0.5 else None,
    )
