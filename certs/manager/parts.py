"""Everything the manager consists of, put together once: shared by its loop and by commands."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from certs.acme.memory import ChallengeMemory
from certs.manager.books import Books
from certs.manager.issuing import Issuing
from certs.manager.kit import ManagerKit
from certs.manager.preflight import Preflight
from certs.manager.renewalinfo import RenewalInformation
from certs.manager.revocations import Revocations
from certs.manager.serving import Serving
from certs.manager.sessions import Sessions
from certs.manager.watching import FilesWatch
from certs.select import CertificateSet
from certs.store.versions import Versions


class Parts:
    """Of one event loop. To be used as a context: it has connections to CAs."""

    def __init__(
        self,
        kit: ManagerKit,
        *,
        files: Sequence[FilesWatch] = (),
        others: Sequence[CertificateSet] = (),
    ) -> None:
        self.kit = kit
        self.files = files
        self.books = Books(kit.store, kit.clock)
        self.versions = Versions(kit.store)
        self.revocations = Revocations(kit.store)
        self.sessions = Sessions(kit)
        self.memory = ChallengeMemory(kit.store, kit.clock)
        self.preflight = Preflight(
            store=kit.store, solvers=kit.solvers, memory=self.memory, sink=kit.sink
        )
        self.issuing = Issuing(
            kit, books=self.books, sessions=self.sessions, versions=self.versions
        )
        self.info = RenewalInformation(kit, self.sessions)
        self.serving = Serving(kit, files=files, others=others)
        self.on_change: Callable[[], None] = _nobody
        """Called when a command has changed something: whoever looks regularly looks at once."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.sessions)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()


def _nobody() -> None:
    """Nobody looks regularly."""
