"""`openssl s_client`, for what Python's `ssl` cannot be told: signature algorithms, tickets."""

import re

from tests.support.tools import Finished, run


def s_client(
    port: int, *options: str, host: str = "127.0.0.1", stdin: bytes = b"", timeout_s: float = 30
) -> Finished:
    """One connection; with an empty `stdin` it ends after the handshake."""
    return run(
        "openssl", "s_client", "-connect", f"{host}:{port}", *options,
        stdin=stdin, timeout_s=timeout_s,
    )  # fmt: skip


def alert_number(finished: Finished) -> int | None:
    """The number of the alert that ended the handshake."""
    found = re.search(r"alert number (\d+)", finished.text)
    return int(found[1]) if found else None
