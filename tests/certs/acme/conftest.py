"""A scripted CA and a transport to it, in the test's own event loop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from certs.acme.signing import AccountKey, Signer
from certs.acme.transport import Transport
from certs.spec import Issuer
from tests.support.patient_clock import PatientClock
from tests.support.ports import Ports
from tests.support.scripted_ca import ScriptedCa, running_scripted_ca


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both ends; `clock` is the transport's."""

    ca: ScriptedCa
    transport: Transport
    clock: PatientClock
    signer: Signer


Paired = Callable[..., AbstractAsyncContextManager[Pair]]


@pytest.fixture
def paired(ports: Ports) -> Paired:
    """Opens a scripted CA, and a transport with the options given."""

    @asynccontextmanager
    async def opened(clock: PatientClock | None = None, **options: Any) -> AsyncIterator[Pair]:
        clock = clock or PatientClock()
        async with running_scripted_ca(ports.take()) as ca:
            issuer = Issuer(name="scripted", directory=ca.url("/dir"))
            transport = Transport(
                issuer=issuer,
                user_agent="stalwart-edge/test",
                clock=clock,
                is_loopback_http_allowed=True,
                **options,
            )
            signer = Signer(key=AccountKey.create(), kid=ca.url("/account/1"))
            async with transport:
                yield Pair(ca=ca, transport=transport, clock=clock, signer=signer)

    return opened
