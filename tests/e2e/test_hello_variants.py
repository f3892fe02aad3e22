"""One ClientHello, however it is cut into records, gets one treatment: same SNI, same JA4.

A sniffer that only read the first record would choose another certificate, or another policy
(CVE-2026-32305).
"""

import pytest

from tests.support.clear import ClearClient
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

HEADER_BYTES = 5


def in_records(flight: bytes, *sizes: int) -> bytes:
    """The one record of `flight` as several: of `sizes` bytes, the last size again and again."""
    head, body = flight[:3], flight[HEADER_BYTES:]
    assert len(body) == int.from_bytes(flight[3:HEADER_BYTES], "big")
    out = b""
    wanted = list(sizes)
    while body:
        size = wanted.pop(0) if len(wanted) > 1 else wanted[0]
        out += head + len(body[:size]).to_bytes(2, "big") + body[:size]
        body = body[size:]
    return out


@pytest.mark.parametrize(
    "sizes",
    [(1,), (2, 1000), (4, 1000), (5, 1000), (100,), (1, 2, 3, 5, 8, 13, 21, 34, 55, 1000)],
    ids=lambda sizes: "-".join(map(str, sizes)),
)
def test_fragmented(sizes: tuple[int, ...], stage: Stage, pki: Pki) -> None:
    context = pki.client_context()
    with ClearClient(stage.raw) as whole:
        whole.tls(context, HOSTNAME)
        expected = stage.edge.established(whole.address)
    with ClearClient(stage.raw) as client:
        peer = TlsPeer(client.sock, context, HOSTNAME)
        client.send(in_records(peer.first_flight(), *sizes))
        peer.handshake()
        peer.send(b"x")
        assert peer.receive() == b"x"
        record = stage.edge.established(client.address)
    assert (record["sni"], record["ja4"]) == (HOSTNAME, expected["ja4"])
    assert record["certificate_sha256"] == expected["certificate_sha256"]


@pytest.mark.parametrize("between", [b"\x15\x03\x01\x00\x02\x01\x00", b"\x17\x03\x03\x00\x01x"])
def test_another_record_in_between(between: bytes, stage: Stage, pki: Pki) -> None:
    """Handshake messages must not be interleaved with other records (RFC 8446 section 5.1)."""
    with ClearClient(stage.raw) as client:
        flight = TlsPeer(client.sock, pki.client_context(), HOSTNAME).first_flight()
        split = in_records(flight, 50, 10_000)
        client.send(split[:55] + between + split[55:])
        said = client.rest()
    record = stage.edge.closed(client.address)
    assert said[:1] == b"\x15"
    assert (record["outcome"], record["tls"]) == ("hello_invalid", False)


def test_too_large(stage: Stage) -> None:
    """The handshake header announces more than the limit of 64 KiB: refused before it comes."""
    announced = (0x10000 + 1000).to_bytes(3, "big")
    with ClearClient(stage.raw) as client:
        client.send(b"\x16\x03\x01\x40\x00\x01" + announced + b"\x03\x03" + bytes(16_000))
        said = client.rest()
    record = stage.edge.closed(client.address)
    assert said[:1] == b"\x15"
    assert record["outcome"] == "hello_too_large"
