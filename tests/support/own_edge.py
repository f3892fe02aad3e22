"""The type of the fixture `start_edge`: an edge that a test may break, for a block."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from tests.support.edge import Edge
from tests.support.edge_config import Backend, Listener, Value


class StartEdge(Protocol):
    """Starts an edge of the given tables; its clean stop is part of the test."""

    def __call__(
        self,
        *tables: Listener | Backend,
        workers: int = 1,
        top: Mapping[str, Value] | None = None,
    ) -> AbstractContextManager[Edge]: ...
