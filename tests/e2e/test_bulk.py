"""100 MB in each direction arrive unchanged, over implicit TLS and STARTTLS, TLS 1.2 and 1.3."""

import ssl

import pytest

from tests.support.bulk import MEGABYTE, digest, download_digest, sink, source, upload
from tests.support.clear import ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.scripts import greet_and
from tests.support.stage import Stage

TOTAL_BYTES = 100 * MEGABYTE
EXPECTED = digest(TOTAL_BYTES)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def connect(stage: Stage, pki: Pki, mode: str, version: ssl.TLSVersion) -> ssl.SSLSocket:
    """A client of the smtp role, past the handshake and past the greeting."""
    client = ClearClient(stage["smtp"].port(mode))
    if mode == "starttls":
        client.greeting("smtp")
        client.starttls("smtp")
    context = pki.client_context(version=version)
    sock = context.wrap_socket(client.sock, server_hostname=HOSTNAME)
    if mode == "tls":
        greeting = b""
        while not greeting.endswith(b"\n"):  # the stream may follow in the same record
            greeting += sock.recv(1)
        assert greeting.startswith(b"220 ")
    return sock


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_download(mode: str, version: ssl.TLSVersion, stage: Stage, pki: Pki) -> None:
    with stage["smtp"].play(greet_and("smtp", source(TOTAL_BYTES))):
        with connect(stage, pki, mode, version) as sock:
            address = sock.getsockname()
            assert download_digest(sock, TOTAL_BYTES) == EXPECTED
        # The greeting of implicit TLS is relayed, that after STARTTLS is swallowed.
        assert stage.edge.closed(address)["bytes_out"] in range(TOTAL_BYTES, TOTAL_BYTES + 100)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_upload(mode: str, version: ssl.TLSVersion, stage: Stage, pki: Pki) -> None:
    with stage["smtp"].play(greet_and("smtp", sink(TOTAL_BYTES))):
        with connect(stage, pki, mode, version) as sock:
            address = sock.getsockname()
            assert upload(sock, TOTAL_BYTES) == EXPECTED
        assert stage.edge.closed(address)["bytes_in"] == TOTAL_BYTES
