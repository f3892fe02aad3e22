"""Validation of challenges, from several perspectives at once, and what follows from it."""

import asyncio
import contextlib

from tests.support.fakeca.core import Core
from tests.support.fakeca.probes import dns01, http01, tlsalpn01
from tests.support.fakeca.problems import Problem
from tests.support.fakeca.state import Authorization, Challenge

_DEADLINE_S = 10.0


async def validate(core: Core, owner: Authorization, challenge: Challenge) -> None:
    """Ends with both of them valid or invalid. Never raises."""
    key_authorization = f"{challenge.token}.{owner.account.thumbprint}"
    try:
        await _look(core, owner, challenge, key_authorization)
    except Problem as problem:
        challenge.status = "invalid"
        challenge.error = {**problem.document(), "identifier": owner.identifier}
        outcome = "invalid"
    else:
        challenge.status = "valid"
        challenge.validated_at = core.now()
        outcome = "valid"
    # It may have been deactivated in the meantime.
    if owner.status == "pending":
        owner.status = outcome
    core.record.validations.append(f"{challenge.type} {owner.identifier['value']} {outcome}")


async def _look(core: Core, owner: Authorization, challenge: Challenge, expected: str) -> None:
    faults = core.faults
    if faults.validation == "always_invalid" or challenge.type in faults.failing_challenges:
        raise Problem("connection", f"{challenge.type}: nobody answered", status=400)
    if faults.validation == "always_valid":
        return
    probes = {"http-01": http01.probe, "tls-alpn-01": tlsalpn01.probe, "dns-01": dns01.probe}
    probe = probes[challenge.type]
    name = owner.identifier["value"]
    problems: list[Problem] = []

    async def once() -> None:
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await probe(core.reach, name, challenge.token, expected)
        except Problem as problem:
            problems.append(problem)
        except (OSError, TimeoutError) as error:
            problems.append(Problem("connection", f"{challenge.type}: {error!r}"))

    with contextlib.suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            for _ in range(core.reach.perspectives):
                group.create_task(once())
    if problems:
        raise problems[0]
