"""The unix socket that commands talk to: HTTP, for those who may open it."""

import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

_MODE: Final = 0o660
_BACKLOG: Final = 16
_SHUTDOWN_S: Final = 2.0


@asynccontextmanager
async def serve_admin(app: web.Application, path: Path) -> AsyncIterator[None]:
    """Serve on the socket while the context lasts. Raises OSError when it cannot be made.

    Who may write to it may do everything, so it is never open to all, not even for a moment.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.SockSite(runner, _bind(path)).start()
        yield
    finally:
        await runner.cleanup()
        with contextlib.suppress(OSError):
            path.unlink()  # noqa: ASYNC240 - one call, at the end


def _bind(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    # Of an edge that was killed. Anything else there is somebody's mistake, and not ours to delete.
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~_MODE)
    try:
        sock.bind(str(path))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(before)
    return sock
