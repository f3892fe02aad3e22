"""Fake CAs in the test's own event loop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.support.acme_by_hand import Hand, client_session
from tests.support.fakeca import Reach, running_fake_ca
from tests.support.ports import Ports

Hands = Callable[..., AbstractAsyncContextManager[Hand]]


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
