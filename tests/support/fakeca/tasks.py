"""Tasks that end with the CA. No TaskGroup: it would wrap the exceptions of the test itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Owns what it starts."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run beside the others."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def cancel(self) -> None:
        """End them all, however far they are."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
