"""The body of a ClientHello: every field, and every length that may lie."""

import pytest

from edge.core.hello.clienthello import ClientHello
from edge.core.hello.parser import parse_client_hello
from edge.errors import ProtocolError
from edge.outcome import Outcome
from tests.edge.core.hello.handmade import (
    ALPN,
    EARLY_DATA,
    ENCRYPTED_CLIENT_HELLO,
    GROUPS,
    KEY_SHARE,
    SCHEMES,
    SERVER_NAME,
    VERSIONS,
    X25519MLKEM768,
    alpn,
    body,
    chrome_like,
    extension_block,
    groups,
    numbers,
    schemes,
    sni,
    vector,
    versions,
)

NAME = vector(b"\x00" + vector(b"a.example"))

MALFORMED = {
    "nothing": b"",
    "no session id": body()[:34],
    "session id of 33 bytes": body(session_id=b"\x11" * 33),
    "session id past the end": body()[:34] + b"\x20",
    "no cipher suite": body(ciphers=()),
    "half a cipher suite": body(session_id=b"")[:35] + vector(b"\x13\x01\x13") + b"\x01\x00",
    "cipher suites past the end": body(session_id=b"")[:35] + b"\xff\xfe" + numbers(0x1301),
    "cipher suites are the end": body(session_id=b"")[:35] + vector(numbers(0x1301)),
    "no compression method": body(compression=b""),
    "compression past the end": body(block=b"")[:-2] + b"\x05\x00",
    "one byte of a length of extensions": body(block=b"\x00"),
    "extensions past the end": body(block=b"\x00\x04\x00\x17\x00"),
    "bytes behind the extensions": body((23, b"")) + b"\x00",
    "an extension behind the extensions": body((23, b"")) + numbers(22) + vector(b""),
    "half an extension header": body(block=vector(b"\x00\x17\x00")),
    "extension past the block": body(block=vector(b"\x00\x17\x00\x01")),
    "extension twice": body((23, b""), (22, b""), (23, b"")),
    "server name twice": body(sni(b"a.example"), sni(b"b.example")),
    "GREASE extension twice": body((0x1A1A, b""), (0x1A1A, b"")),
    "server name: empty": body((SERVER_NAME, b"")),
    "server name: empty list": body((SERVER_NAME, vector(b""))),
    "server name: two names": body(
        (SERVER_NAME, vector((b"\x00" + vector(b"a.example")) + (b"\x00" + vector(b"b.example"))))
    ),
    "server name: another type": body((SERVER_NAME, vector(b"\x01" + vector(b"a.example")))),
    "server name: bytes behind the list": body((SERVER_NAME, NAME + b"\x00")),
    "server name: list shorter than its name": body((SERVER_NAME, b"\x00\x03" + NAME[2:])),
    "server name: list past the end": body((SERVER_NAME, NAME[:-1])),
    "server name: name past the list": body((SERVER_NAME, vector(b"\x00\x00\x09a.exampl"))),
    "versions: empty": body((VERSIONS, b"")),
    "versions: empty list": body((VERSIONS, b"\x00")),
    "versions: half": body((VERSIONS, b"\x01\x03")),
    "versions: past the end": body((VERSIONS, b"\x04\x03\x04")),
    "versions: bytes behind": body((VERSIONS, b"\x02\x03\x04\x03\x03")),
    "groups: empty": body((GROUPS, b"")),
    "groups: one byte": body((GROUPS, b"\x00")),
    "groups: empty list": body((GROUPS, b"\x00\x00")),
    "groups: half": body((GROUPS, b"\x00\x03\x00\x1d\x00")),
    "groups: short": body((GROUPS, b"\x00\x04\x00\x1d")),
    "schemes: empty list": body((SCHEMES, b"\x00\x00")),
    "schemes: long": body((SCHEMES, b"\x00\x02\x04\x03\x08\x04")),
    "alpn: empty": body((ALPN, b"")),
    "alpn: empty list": body((ALPN, b"\x00\x00")),
    "alpn: empty name": body(alpn(b"imap", b"")),
    "alpn: list too long": body((ALPN, b"\x00\x06\x04imap")),
    "alpn: list too short": body((ALPN, b"\x00\x04\x04imap")),
    "alpn: name past the list": body((ALPN, b"\x00\x05\x05imap")),
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_a_length_that_lies_is_refused(malformed: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_client_hello(malformed)
    assert caught.value.outcome is Outcome.HELLO_INVALID


def test_every_field_is_read() -> None:
    hello = parse_client_hello(
        body(
            sni(b"Mail.Example.org"),
            groups(0x001D, 0x0017),
            schemes(0x0403, 0x0804),
            alpn(b"imap", b"\xff\r\n"),
            (EARLY_DATA, b""),
            versions(0x0304, 0x0303),
            (0xFFCE, b"unknown"),
            ciphers=(0x1301, 0x00FF),
        )
    )
    assert hello == ClientHello(
        legacy_version=0x0303,
        versions=(0x0304, 0x0303),
        ciphers=(0x1301, 0x00FF),
        extensions=(SERVER_NAME, GROUPS, SCHEMES, ALPN, EARLY_DATA, VERSIONS, 0xFFCE),
        groups=(0x001D, 0x0017),
        signature_algorithms=(0x0403, 0x0804),
        sni="mail.example.org",
        sni_invalid=False,
        alpn=(b"imap", b"\xff\r\n"),
    )


def test_grease_is_left_out_of_every_list() -> None:
    hello = parse_client_hello(chrome_like())
    assert hello.ciphers == (0x1301, 0x1302, 0xC02B)
    assert hello.extensions == (
        VERSIONS,
        KEY_SHARE,
        SERVER_NAME,
        ALPN,
        GROUPS,
        SCHEMES,
        ENCRYPTED_CLIENT_HELLO,
    )
    assert hello.versions == (0x0304, 0x0303)
    assert hello.groups == (X25519MLKEM768, 0x001D, 0x0017)
    assert hello.signature_algorithms == (0x0403, 0x0804)
    assert hello.sni == "mail.example.org"


@pytest.mark.parametrize("block", [b"", extension_block()], ids=["absent", "empty"])
def test_extensions_are_optional(block: bytes) -> None:
    hello = parse_client_hello(body(block=block))
    assert hello.extensions == hello.versions == hello.groups == hello.alpn == ()
    assert hello.signature_algorithms == ()
    assert hello.sni is None
    assert not hello.sni_invalid


LABEL = b"a" * 63
PLAUSIBLE = [
    b"mail.example.org",
    b"localhost",
    b"xn--bcher-kva.example",
    b"_25._tcp.mail.example.org",
    b"192.0.2.1",
    b".".join([LABEL] * 4),  # 255 bytes
]


@pytest.mark.parametrize("name", PLAUSIBLE)
def test_a_plausible_name_is_taken(name: bytes) -> None:
    hello = parse_client_hello(body(sni(name)))
    assert hello.sni == name.decode()
    assert not hello.sni_invalid
    assert hello.has_sni


@pytest.mark.parametrize("extension", [GROUPS, SCHEMES])
def test_a_list_may_fill_the_extensions(extension: int) -> None:
    hello = parse_client_hello(body((extension, vector(numbers(*[0x0403] * 32000)))))
    assert len(hello.groups) + len(hello.signature_algorithms) == 32000


def test_hundreds_of_extensions_keep_their_order() -> None:
    kinds = list(range(999, 99, -1))
    assert parse_client_hello(body(*((kind, b"x") for kind in kinds))).extensions == tuple(kinds)
