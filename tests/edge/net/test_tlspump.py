"""The pump against Python's own TLS client, without a socket between them."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

import certs
from edge.net.tlspump import TlsPump
from tests.support.pki import HOSTNAME, Pki

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@dataclass(slots=True)
class Ends:
    """A client and the pump, connected by hand."""

    client: ssl.SSLObject
    to_client: ssl.MemoryBIO
    from_client: ssl.MemoryBIO
    pump: TlsPump
    plain: memoryview

    def carry(self) -> None:
        """Move what each end has to say to the other."""
        self.pump.feed(self.from_client.read())
        self.to_client.write(self.pump.take_outgoing())

    def decrypted(self) -> bytes:
        return bytes(self.plain[: self.pump.decrypt_into(self.plain)])


@pytest.fixture(params=VERSIONS)
def ends(request: pytest.FixtureRequest, pki: Pki) -> Ends:
    """Both ends after the handshake."""
    profile = certs.TlsProfile(
        policy=certs.TlsPolicy.INTERMEDIATE,
        alpn=(b"imap",),
        client_auth=certs.ClientAuth.NONE,
        client_ca_pem=None,
    )
    loaded = certs.load_files([pki.ecdsa.cert], [pki.ecdsa.key], [HOSTNAME], now=datetime.now(UTC))
    site = certs.site_context(loaded.certificates.certificates[0], profile)
    pump = TlsPump(certs.base_context(profile), site)
    to_client, from_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = pki.client_context(version=request.param)
    context.set_alpn_protocols(["imap"])
    client = context.wrap_bio(to_client, from_client, server_hostname=HOSTNAME)
    made = Ends(client, to_client, from_client, pump, memoryview(bytearray(1 << 20)))
    is_done = False
    for _ in range(4):
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        pump.feed(from_client.read())
        is_done = is_done or pump.handshake()
        to_client.write(pump.take_outgoing())
    assert is_done
    return made


def test_what_was_negotiated(ends: Ends) -> None:
    assert ends.pump.version == ends.client.version()
    assert ends.pump.cipher == ends.client.cipher()[0]
    assert ends.pump.alpn == "imap"
    assert ends.pump.is_resumed is False
    assert ends.pump.client_certificate() is None


def test_many_records_in_one_feed(ends: Ends) -> None:
    data = bytes(range(256)) * 1000
    ends.client.write(data)
    ends.carry()
    assert ends.decrypted() == data
    assert not ends.pump.has_incoming


def test_half_a_record_waits_for_the_other(ends: Ends) -> None:
    ends.client.write(b"hello")
    record = ends.from_client.read()
    ends.pump.feed(record[:7])
    assert ends.decrypted() == b""
    ends.pump.feed(record[7:])
    assert ends.decrypted() == b"hello"


def test_encrypted_bytes_reach_the_client(ends: Ends) -> None:
    data = b"x" * 100_000
    ends.to_client.write(ends.pump.encrypt(data))
    got = b""
    while len(got) < len(data):
        got += ends.client.read(65536)
    assert got == data


def test_close_notify_of_the_client_ends_its_direction_only(ends: Ends) -> None:
    ends.client.write(b"bye")
    with pytest.raises(ssl.SSLWantReadError):
        ends.client.unwrap()
    ends.carry()
    assert ends.decrypted() == b"bye"
    assert ends.pump.is_finished
    ends.to_client.write(ends.pump.encrypt(b"still here"))


def test_our_close_notify_leaves_the_other_direction_open(ends: Ends) -> None:
    ends.to_client.write(ends.pump.finish())
    # ssl answers the client's read by 0 bytes; the client may go on writing.
    assert ends.client.read(10) == b""
    ends.client.write(b"last words")
    ends.pump.feed(ends.from_client.read())
    assert ends.decrypted() == b"last words"
    assert not ends.pump.is_finished


def test_a_forged_record_is_an_error(ends: Ends) -> None:
    ends.client.write(b"hello")
    record = bytearray(ends.from_client.read())
    record[-1] ^= 1
    ends.pump.feed(bytes(record))
    with pytest.raises(ssl.SSLError):
        ends.decrypted()
