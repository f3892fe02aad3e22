"""A TLS client and server in one process, without sockets: two `MemoryBIO`s each."""

import ssl
from dataclasses import dataclass


class HandshakeError(Exception):
    """One side gave up; `side` is who said so first, `reason` is OpenSSL's."""

    def __init__(self, side: str, reason: str) -> None:
        super().__init__(f"{side}: {reason}")
        self.side = side
        self.reason = reason


@dataclass(kw_only=True)
class TlsPair:
    """Both ends, and the wires between them."""

    client: ssl.SSLObject
    server: ssl.SSLObject
    to_client: ssl.MemoryBIO
    to_server: ssl.MemoryBIO
    from_client: ssl.MemoryBIO
    from_server: ssl.MemoryBIO

    def carry(self) -> None:
        """Bring what each side has written to the other."""
        self.to_server.write(self.from_client.read())
        self.to_client.write(self.from_server.read())

    def send_to_client(self, data: bytes) -> bytes:
        """Also makes the client see the tickets of TLS 1.3."""
        self.server.write(data)
        self.carry()
        return self.client.read(65536)

    def send_to_server(self, data: bytes) -> bytes:
        self.client.write(data)
        self.carry()
        return self.server.read(65536)


def handshake(
    client_context: ssl.SSLContext,
    base: ssl.SSLContext,
    site: ssl.SSLContext | None = None,
    *,
    server_name: str = "mail.example.org",
    session: ssl.SSLSession | None = None,
) -> TlsPair:
    """Connect; the server's object is made from `base` and then moved to `site`.

    Raises HandshakeError. In TLS 1.3 a server refuses a client certificate after the client has
    finished, so both sides are driven to their end.
    """
    bios = [ssl.MemoryBIO() for _ in range(4)]
    to_client, from_client, to_server, from_server = bios
    server = base.wrap_bio(to_server, from_server, server_side=True)
    if site is not None:
        server.context = site
    client = client_context.wrap_bio(
        to_client, from_client, server_hostname=server_name, session=session
    )
    pair = TlsPair(
        client=client,
        server=server,
        to_client=to_client,
        to_server=to_server,
        from_client=from_client,
        from_server=from_server,
    )
    unfinished = {"client": client, "server": server}
    for _ in range(8):
        for side, end in list(unfinished.items()):
            try:
                end.do_handshake()
                del unfinished[side]
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                raise HandshakeError(side, error.reason or "") from error
            pair.carry()
        if not unfinished:
            return pair
    raise AssertionError("the handshake never ends")
