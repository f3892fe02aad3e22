"""An edge of a test's own, which it may break, and what to wait for when many clients do."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from tests.support.addresses import Address
from tests.support.edge import Edge, Record
from tests.support.edge_config import Backend, Listener, Value


class StartEdge(Protocol):
    """Starts an edge of the given tables; its clean stop is part of the test."""

    def __call__(
        self,
        *tables: Listener | Backend,
        workers: int = 1,
        top: Mapping[str, Value] | None = None,
    ) -> AbstractContextManager[Edge]: ...


def all_closed(edge: Edge, clients: Iterable[Address], *, since: int = 0) -> dict[Address, Record]:
    """The closing records of many connections, waited for; the log is read once for many."""
    waiting = set(clients)
    records: dict[Address, Record] = {}
    while waiting:
        edge.closed(next(iter(waiting)))
        for record in edge.records("connection.closed", since=since):
            address = (str(record["client_ip"]), int(str(record["client_port"])))
            if address in waiting:
                waiting.remove(address)
                records[address] = record
    return records


def wait_until(is_so: Callable[[], bool], what: str, *, timeout_s: float = 5.0) -> None:
    """For states of the kernel that nobody reports: looks again every 20 ms."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)
