"""`openssl s_client`, for what Python's `ssl` cannot be told: signature algorithms, tickets."""

import re
from dataclasses import dataclass

from tests.support.addresses import own_address
from tests.support.edge import Edge, Record
from tests.support.tools import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What s_client said of one connection; `source` is the address it came from."""

    status: int
    text: str
    source: str

    @property
    def alert(self) -> int | None:
        """The number of the alert that ended the handshake."""
        found = re.search(r"alert number (\d+)", self.text)
        return int(found[1]) if found else None

    def established(self, edge: Edge) -> Record:
        """The handshake record of this connection."""
        return edge.wait_for("tls.established", client_ip=self.source)

    def closed(self, edge: Edge) -> Record:
        """The closing record of this connection."""
        return edge.wait_for("connection.closed", client_ip=self.source)


def s_client(port: int, *options: str, stdin: bytes = b"") -> Connected:
    """One connection to 127.0.0.1:`port`; with an empty `stdin` it ends after the handshake."""
    source = own_address()
    where = ("-connect", f"127.0.0.1:{port}", "-bind", f"{source}:0")
    finished = run("openssl", "s_client", *where, *options, stdin=stdin)
    return Connected(status=finished.status, text=finished.text, source=source)
