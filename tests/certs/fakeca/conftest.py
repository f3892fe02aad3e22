"""Fake CAs in the test's own event loop, with a client by hand or the real one."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.acme_by_hand import Hand, client_session
from tests.support.acme_client import Client, acme_client
from tests.support.fakeca import FakeCa, Reach, running_fake_ca
from tests.support.hurried_clock import HurriedClock
from tests.support.ports import Ports

Hands = Callable[..., AbstractAsyncContextManager[Hand]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A CA, and how to make clients of it. Both live by the same hurried clock."""

    ca: FakeCa
    clock: HurriedClock

    def client(self, **options: Any) -> AbstractAsyncContextManager[Client]:
        """See `acme_client`."""
        given = {"clock": self.clock, "ca_bundle": self.ca.ca_bundle, **options}
        return acme_client(self.ca.directory, **given)


Stages = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def by_hand(tmp_path: Path, ports: Ports) -> Hands:
    """Opens a CA and a hand-made client without an account."""

    @asynccontextmanager
    async def opened(reach: Reach | None = None) -> AsyncIterator[Hand]:
        async with (
            running_fake_ca(tmp_path / "ca", port=ports.take(), reach=reach) as ca,
            client_session(ca) as http,
        ):
            yield Hand(ca=ca, http=http)

    return opened


@pytest.fixture
def stage(tmp_path: Path, ports: Ports) -> Stages:
    """Opens a CA for the real client."""

    @asynccontextmanager
    async def opened(reach: Reach | None = None) -> AsyncIterator[Stage]:
        clock = HurriedClock()
        async with running_fake_ca(
            tmp_path / "ca", port=ports.take(), reach=reach, now=clock.now
        ) as ca:
            yield Stage(ca=ca, clock=clock)

    return opened
