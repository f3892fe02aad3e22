"""A handshake that fails after the go-ahead ends the connection: never back to plaintext."""

import ssl

import pytest

from tests.support.clear import MAIL_PROTOCOLS, ClearClient
from tests.support.fake_backend import Conversation
from tests.support.pki import HOSTNAME, Pki
from tests.support.stage import Stage
from tests.support.tls_peer import TlsPeer

# A TLS 1.0 ClientHello record: version 3.1, one CBC suite, null compression, no extensions.
TLS_1_0 = bytes.fromhex("160301002d010000290301") + b"r" * 32 + bytes.fromhex("000002002f0100")


def after_go_ahead(
    stage: Stage, protocol: str, data: bytes
) -> tuple[bytes, dict[str, object], list[Conversation]]:
    """What the edge says to `data`, and how the connection is recorded."""
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.starttls(protocol)
        client.send(data)
        said = client.rest()
    return said, stage.edge.closed(client.address), scene.clients(client.ip)


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"NOOP\r\n", "wrong_protocol"),
        (b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", "hello_invalid"),
        (b"\x17\x03\x03\x00\x01x", "wrong_protocol"),
        (TLS_1_0, "handshake_failed"),
    ],
    ids=["command", "server-hello", "application-data", "tls-1.0"],
)
def test_no_usable_hello(protocol: str, data: bytes, outcome: str, stage: Stage) -> None:
    said, record, dialled = after_go_ahead(stage, protocol, data)
    assert said[:2] == b"\x15\x03", said
    assert len(said) == 7
    assert record["outcome"] == outcome
    assert dialled == []


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_garbage_after_the_hello(
    protocol: str, version: ssl.TLSVersion, stage: Stage, pki: Pki
) -> None:
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.starttls(protocol)
        client.send(TlsPeer(client.sock, pki.client_context(version=version)).first_flight())
        assert client.sock.recv(1) == b"\x16"
        client.send(b"RSET\r\nNOOP\r\nMAIL FROM:<a@example.org>\r\n")
        said = client.rest()
    record = stage.edge.closed(client.address)
    # The rest of the first flight and one alert, no line of a mail protocol.
    assert b"250 " not in said
    assert (record["outcome"], record["tls"]) == ("handshake_failed", False)
    assert scene.clients(client.ip) == []


@pytest.mark.parametrize("protocol", MAIL_PROTOCOLS)
@pytest.mark.parametrize("flight", ["before-hello", "half-hello", "after-hello"])
def test_client_leaves(protocol: str, flight: str, stage: Stage, pki: Pki) -> None:
    scene = stage[protocol].scene()
    with ClearClient(stage[protocol].starttls) as client:
        client.greeting(protocol)
        client.starttls(protocol)
        hello = TlsPeer(client.sock, pki.client_context(), HOSTNAME).first_flight()
        client.send({"before-hello": b"", "half-hello": hello[:100]}.get(flight, hello))
        if flight == "after-hello":
            assert client.sock.recv(1) == b"\x16"
        address = client.address
    record = stage.edge.closed(address)
    assert record["outcome"] in {"client_gone", "handshake_failed"}
    assert record["tls"] is False
    assert scene.clients(client.ip) == []


def test_a_client_that_distrusts_us(stage: Stage) -> None:
    """Its alert (unknown_ca) is the end; no backend hears of it before TLS 1.2 is complete."""
    seen: list[Conversation] = []
    with stage["imap"].play(seen.append), ClearClient(stage["imap"].starttls) as client:
        client.greeting("imap")
        client.starttls("imap")
        context = ssl.create_default_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLCertVerificationError):
            TlsPeer(client.sock, context, HOSTNAME).handshake()
        assert client.rest() == b""
    assert stage.edge.closed(client.address)["outcome"] == "handshake_failed"
    assert seen == []
