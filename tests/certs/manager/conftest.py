"""Worlds of a certificate manager."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.support.manager_world import World, world
from tests.support.ports import Ports

Worlds = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def a_world(tmp_path: Path, ports: Ports) -> Worlds:
    """Opens one; see `World`."""
    return partial(world, tmp_path, ports)
