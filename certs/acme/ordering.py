"""From a need to a certificate, over any number of crashes (RFC 8555 section 7.4)."""

import random
from collections.abc import Callable, Mapping

from certs.acme.memory import ChallengeMemory
from certs.acme.need import Issued, Need, NoTally, Tally
from certs.acme.session import Session
from certs.challenges.solver import Solver
from certs.clock import Clock
from certs.spec import ChallengeType
from certs.store.protocol import Store


async def obtain(
    session: Session,
    need: Need,
    *,
    store: Store,
    solvers: Mapping[ChallengeType, Solver],
    clock: Clock,
    rng: random.Random,
    on_step: Callable[[str], None],
    memory: ChallengeMemory,
    tally: Tally = NoTally(),  # noqa: B008 - has no state
) -> Issued:
    """Obtain a certificate, taking up whatever an earlier call has begun.

    The caller holds the lineage's lock, stores the result as a version, and only then calls
    `journal.discard`: until then a further call leads to the same certificate. Two lineages of the
    same names must not order at once: some CAs would give both the same order.

    Raises AcmeProblem and StoreError. Of kind PASSING: the order goes on with the next call.
    """
    raise NotImplementedError
