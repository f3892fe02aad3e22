"""Joins what the edge says of a connection with the header the stand-in received for it.

The two come through two pipes in any order; the connection's id, which the header carries as
UNIQUE_ID, is what they share. No IO: reports in, what can be shown out.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from edge.core.proxy.decode import Decoded
from edge.demo.header import unique_id
from edge.ops.records import Closed, Established

_LIMIT: Final = 1024
"""Connections kept; one of the oldest is forgotten for a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A header as the stand-in's service got it."""

    service: str
    raw: bytes
    header: Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A connection reached the backend, or failed to after its handshake (`received` is None)."""

    id: str
    established: Established | None
    """None in plaintext."""
    received: Received | None


@dataclass(slots=True)
class _Connection:
    established: Established | None = None
    received: Received | None = None
    closed: Closed | None = None
    is_shown: bool = False


class Journal:
    """Feed it reports; each call returns what has become complete, in the order to show it."""

    def __init__(self) -> None:
        self._connections: OrderedDict[str, _Connection] = OrderedDict()

    def on_established(self, record: Established) -> list[Opened | Closed]:
        """The edge finished a handshake."""
        self._of(record.id).established = record
        return self._complete(record.id)

    def on_header(self, received: Received) -> list[Opened | Closed]:
        """The stand-in got a header. Probes (LOCAL) and headers without id are nobody's."""
        connection_id = unique_id(received.header)
        if connection_id is None:
            return []
        connection = self._of(connection_id)
        if connection.received is None:
            connection.received = received
        return self._complete(connection_id)

    def on_closed(self, record: Closed) -> list[Opened | Closed]:
        """The edge is done with a connection."""
        self._of(record.id).closed = record
        return self._complete(record.id)

    def on_overdue(self, connection_id: str) -> list[Opened | Closed]:
        """A closed connection's header did not come in time: show it without."""
        connection = self._connections.get(connection_id)
        if connection is None or connection.closed is None:
            return []
        return self._complete(connection_id, is_overdue=True)

    def waiting(self) -> list[str]:
        """The closed connections that are not shown yet."""
        return [id_ for id_, each in self._connections.items() if each.closed is not None]

    def _of(self, connection_id: str) -> _Connection:
        connection = self._connections.setdefault(connection_id, _Connection())
        if len(self._connections) > _LIMIT:
            self._connections.popitem(last=False)
        return connection

    def _complete(self, connection_id: str, *, is_overdue: bool = False) -> list[Opened | Closed]:
        connection = self._connections[connection_id]
        established, received = connection.established, connection.received
        closed = connection.closed
        shown: list[Opened | Closed] = []
        # A plaintext connection has no handshake to wait for, an unreached backend no header.
        is_tls_known = established is not None or (received is not None and not received.header.ssl)
        is_final = closed is not None and (is_overdue or closed.server is None)
        if not connection.is_shown and is_tls_known and (received is not None or is_final):
            connection.is_shown = True
            shown.append(Opened(id=connection_id, established=established, received=received))
        if closed is not None and (connection.is_shown or is_final):
            del self._connections[connection_id]
            shown.append(closed)
        return shown
