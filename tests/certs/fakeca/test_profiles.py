"""Profiles: preferred, required, and taken away between the directory and the order."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from certs.acme.problem import AcmeProblem
from tests.support.fakeca import Profile
from tests.support.recording_solver import recording_solvers

Stages = Callable[..., AbstractAsyncContextManager[Any]]
PROFILES = {
    "classic": Profile(description="the old one", lifetime_s=90 * 86400),
    "shortlived": Profile(description="six days", lifetime_s=160 * 3600),
}


@pytest.mark.parametrize(
    ("offered", "issuer", "expected"),
    [
        (PROFILES, {"profile": "shortlived"}, "shortlived"),
        (PROFILES, {"profile": "shortlived", "is_profile_required": True}, "shortlived"),
        (PROFILES, {"profile": "tlsserver"}, "classic"),
        (PROFILES, {}, "classic"),
        (None, {"profile": "shortlived"}, None),
    ],
)
def test_a_preferred_profile(
    stage: Stages, offered: Any, issuer: dict[str, Any], expected: str | None
) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.profiles = offered
            async with on.client(**issuer) as client:
                issued = await client.obtain("mail.example.org", solvers=recording_solvers())
            assert on.ca.record.profiles == [expected]
            assert issued.profile == expected

    asyncio.run(scene())


@pytest.mark.parametrize("offered", [PROFILES, None])
def test_a_required_profile_that_is_not_offered(stage: Stages, offered: Any) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.profiles = offered
            async with on.client(profile="tlsserver", is_profile_required=True) as client:
                with pytest.raises(AcmeProblem, match="tlsserver"):
                    await client.obtain("mail.example.org", solvers=recording_solvers())
            assert on.ca.record.orders == {}

    asyncio.run(scene())


@pytest.mark.parametrize("is_required", [False, True])
def test_a_profile_that_went_since_the_directory_was_read(stage: Stages, is_required: bool) -> None:
    async def scene() -> None:
        async with stage() as on:
            on.ca.faults.profiles = PROFILES
            issuer = {"profile": "shortlived", "is_profile_required": is_required}
            async with on.client(**issuer) as client:
                await client.session()
                on.ca.faults.profiles = {"classic": PROFILES["classic"]}
                if is_required:
                    with pytest.raises(AcmeProblem) as caught:
                        await client.obtain("mail.example.org", solvers=recording_solvers())
                    assert caught.value.name == "invalidProfile"
                else:
                    await client.obtain("mail.example.org", solvers=recording_solvers())
                    assert on.ca.record.profiles == ["classic"]

    asyncio.run(scene())
