"""The group in a server's first flight: of OpenSSL's own flights, forced to each group in turn."""

import contextlib
import ssl
import subprocess
from pathlib import Path

import pytest

from edge.core.hello.registry import group_name
from edge.core.hello.serverhello import negotiated_group
from tests.edge.core.hello.handmade import (
    body,
    message,
    numbers,
    payload_of,
    record,
    records,
    vector,
)
from tests.edge.core.hello.reading import SERVER_FLIGHTS
from tests.support.pki import Pki

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
CURVES = {
    "prime256v1": "secp256r1",
    "secp384r1": "secp384r1",
    "secp521r1": "secp521r1",
    "X25519": "x25519",
    "X448": "x448",
}
FINITE = {name: name for name in ("ffdhe2048", "ffdhe3072")}


class Exchange:
    """A client and a server without a socket; `flights` are the server's, one for each turn."""

    def __init__(
        self,
        client: ssl.SSLContext,
        server: ssl.SSLContext,
        session: ssl.SSLSession | None = None,
    ) -> None:
        bios = [ssl.MemoryBIO() for _ in range(4)]
        to_client, from_client, to_server, from_server = bios
        self.client = client.wrap_bio(
            to_client, from_client, server_hostname="mail.example.org", session=session
        )
        self.server = server.wrap_bio(to_server, from_server, server_side=True)
        self.flights: list[bytes] = []
        for _ in range(4):
            _advance(self.client)
            to_server.write(from_client.read())
            _advance(self.server)
            self.flights.append(from_server.read())
            to_client.write(self.flights[-1])
        # The tickets of TLS 1.3 come after the handshake.
        with pytest.raises(ssl.SSLWantReadError):
            self.client.read(1)

    @property
    def group(self) -> str | None:
        group = negotiated_group(self.flights[0])
        return None if group is None else group_name(group)


def _advance(side: ssl.SSLObject) -> None:
    with contextlib.suppress(ssl.SSLWantReadError):
        side.do_handshake()


@pytest.fixture
def server(pki: Pki) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.rsa.cert, pki.rsa.key)
    context.load_cert_chain(pki.ecdsa.cert, pki.ecdsa.key)
    return context


def force(context: ssl.SSLContext, group: str) -> None:
    """Leave the context one group; Python before 3.11.3 knows only the old curves by name."""
    try:
        context.set_ecdh_curve(group)
    except ssl.SSLError as error:
        pytest.skip(f"this Python cannot restrict TLS to {group}: {error.reason}")


@pytest.mark.parametrize(("forced", "name"), [*CURVES.items(), *FINITE.items()])
def test_tls13(pki: Pki, server: ssl.SSLContext, forced: str, name: str) -> None:
    client = pki.client_context(version=TLS13)
    force(client, forced)
    # The edge's own OpenSSL may leave the finite fields out of its default list.
    force(server, forced)
    assert Exchange(client, server).group == name


@pytest.mark.parametrize(("forced", "name"), CURVES.items())
@pytest.mark.parametrize("key", ["ECDSA", "RSA"])
def test_tls12(pki: Pki, server: ssl.SSLContext, forced: str, name: str, key: str) -> None:
    client = pki.client_context(version=TLS12)
    client.set_ciphers(f"ECDHE-{key}-AES128-GCM-SHA256")
    # An ECDSA certificate on P-256 asks for P-256 too, so only the server is forced.
    force(server, forced)
    assert Exchange(client, server).group == name


def test_a_hello_retry_request_names_the_group_too(pki: Pki, server: ssl.SSLContext) -> None:
    server.set_ecdh_curve("secp521r1")
    exchange = Exchange(pki.client_context(version=TLS13), server)
    retry, flight = exchange.flights[:2]
    assert len(flight) > 500 > len(retry)
    assert group_name(negotiated_group(retry) or 0) == "secp521r1"
    assert group_name(negotiated_group(flight) or 0) == "secp521r1"


def test_a_hybrid_group() -> None:
    """No OpenSSL before 3.5 has it; the flight is one of OpenSSL 4.0."""
    flight = SERVER_FLIGHTS["openssl-4.0-x25519mlkem768"]
    assert group_name(negotiated_group(flight) or 0) == "X25519MLKEM768"


def test_a_resumed_session(pki: Pki, server: ssl.SSLContext) -> None:
    """TLS 1.3 exchanges keys again (psk_dhe_ke), TLS 1.2 does not."""
    groups = {}
    for version in (TLS12, TLS13):
        client = pki.client_context(version=version)
        first = Exchange(client, server)
        second = Exchange(client, server, first.client.session)
        assert second.server.session_reused
        groups[version] = second.group
    assert groups == {TLS12: None, TLS13: "x25519"}


def test_key_transport_has_no_group(pki: Pki, server: ssl.SSLContext) -> None:
    client = pki.client_context(version=TLS12)
    client.set_ciphers("AES128-GCM-SHA256")
    server.set_ciphers("ALL")
    exchange = Exchange(client, server)
    assert exchange.server.cipher() == ("AES128-GCM-SHA256", "TLSv1.2", 128)
    assert exchange.group is None


@pytest.mark.parametrize("bits", [2048, 6144])
def test_finite_field_exchange_of_tls12_has_no_named_group(
    pki: Pki, server: ssl.SSLContext, tmp_path: Path, bits: int
) -> None:
    """6144 bits: the message starts with 0x03, as one that names a curve does."""
    parameters = tmp_path / "dh.pem"
    making = f"openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe{bits} -out"
    subprocess.run([*making.split(), parameters], check=True, capture_output=True)
    server.load_dh_params(str(parameters))
    client = pki.client_context(version=TLS12)
    client.set_ciphers("DHE-RSA-AES128-GCM-SHA256")
    exchange = Exchange(client, server)
    assert exchange.server.cipher() == ("DHE-RSA-AES128-GCM-SHA256", "TLSv1.2", 128)
    assert exchange.group is None


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 57, 1000, 2**14])
def test_a_flight_of_tls12_in_records_of_any_size(
    pki: Pki, server: ssl.SSLContext, size: int
) -> None:
    exchange = Exchange(pki.client_context(version=TLS12), server)
    assert exchange.group == "x25519"
    refragmented = records(payload_of(exchange.flights[0]), size)
    assert negotiated_group(refragmented) == 0x001D


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_flight_cut_short_is_unknown_or_known(
    pki: Pki, server: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    flight = Exchange(pki.client_context(version=version), server).flights[0]
    known = [negotiated_group(flight[:end]) for end in range(len(flight) + 1)]
    # Unknown up to one byte, known from there on.
    assert known == sorted(known, key=bool)
    assert set(known) == {None, 0x001D}


def server_hello(*extensions: tuple[int, bytes]) -> bytes:
    block = b"".join(numbers(kind) + vector(content) for kind, content in extensions)
    fixed = b"\x03\x03" + bytes(32) + b"\x00" + numbers(0x1301) + b"\x00"
    return message(fixed + vector(block), kind=2)


KEY_SHARE = (51, numbers(0x001D) + vector(bytes(32)))
CURVE = b"\x03" + numbers(0x0017) + vector(bytes(65), 1) + numbers(0x0403) + vector(bytes(70))

UNREADABLE = {
    "nothing": b"",
    "an alert": record(b"\x02\x28", kind=21),
    "encrypted": record(bytes(100), kind=23),
    "a ClientHello": record(message(body())),
    "no key share": record(server_hello((43, b"\x03\x04"))),
    "an empty key share": record(server_hello((51, b""))),
    "explicit curve": record(message(b"\x01" + CURVE[1:], kind=12)),
    "a curve with a byte too much": record(message(CURVE + b"\x00", kind=12)),
    "a curve without a signature": record(message(CURVE[:-74], kind=12)),
    "an exchange inside application data": (
        record(server_hello()) + record(message(CURVE, kind=12), kind=23)
    ),
    "an empty exchange": record(message(b"", kind=12)),
}


@pytest.mark.parametrize("flight", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_unknown(flight: bytes) -> None:
    assert negotiated_group(flight) is None


def test_the_handmade_flights_are_readable_otherwise() -> None:
    assert negotiated_group(record(server_hello((43, b"\x03\x04"), KEY_SHARE))) == 0x001D
    assert negotiated_group(record(server_hello()) + record(message(CURVE, kind=12))) == 0x0017


def test_a_long_chain_before_the_exchange() -> None:
    chain = message(b"\x0c" * 70_000, kind=11)
    assert negotiated_group(records(server_hello() + chain + message(CURVE, kind=12))) == 0x0017
