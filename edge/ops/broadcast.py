"""Events of the certificate manager: to the log always, and to commands that wait for something."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import certs


class Broadcast:
    """The manager's sink. In one event loop; a listener must not block or raise, as any sink."""

    def __init__(self, sink: certs.EventSink, managed: Iterable[certs.Managed]) -> None:
        """`sink` gets everything; `managed` says which name belongs to which certificate."""
        self._sink = sink
        self._certificate_of = {name: one.name for one in managed for name in one.names}
        self._listeners: list[tuple[str | None, certs.EventSink]] = []

    def __call__(self, event: certs.Event) -> None:
        """Pass it on."""
        self._sink(event)
        for certificate, listener in list(self._listeners):
            if event.certificate in {None, certificate}:
                listener(event)

    @contextmanager
    def listening(self, name: str | None, listener: certs.EventSink) -> Iterator[None]:
        """Meanwhile the listener gets the events of one certificate, by any of its names.

        With them those of none, such as of accounts; without a name only those.
        """
        certificate = None
        if name is not None:
            certificate = self._certificate_of.get(certs.canonical_name(name))
        entry = (certificate, listener)
        self._listeners.append(entry)
        try:
            yield
        finally:
            self._listeners.remove(entry)
