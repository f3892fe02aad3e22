"""JA4 against the specification's examples, its authors' captures, and other implementations."""

import dataclasses
from typing import Any

import pytest

from edge.core.hello.clienthello import ClientHello
from edge.core.hello.ja4 import ja4
from tests.edge.core.hello.handmade import (
    ALPN,
    GROUPS,
    KEY_SHARE,
    SCHEMES,
    SERVER_NAME,
    VERSIONS,
    Extension,
    alpn,
    body,
    chrome_like,
    groups,
    message,
    record,
    schemes,
    sni,
    versions,
)
from tests.edge.core.hello.reading import CLIENT_HELLOS, hello_of

# Chrome's is the published one of its versions; all were confirmed by a second implementation.
REAL = {
    "chrome-146": "t13d1516h2_8daaf6152771_d8a2da3f94cd",
    "curl-7.88": "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6",
    "gnutls-3.7": "t13d2914p3_723694b0fccc_2cc26d266019",
    "go-1.26": "t13d1312me_f57a46bbacb6_ab7e3b40a677",
    "openssl-3.0": "t13d3111ip_e8f1e7e78f70_1f22a2ca17c4",
    "openssl-3.0-early-data": "t13d041200_16476d049b0b_2226a1d1dedf",
    "openssl-3.0-no-sni": "t13i040900_16476d049b0b_78f1d400d464",
    "openssl-3.0-tls12": "t12d280700_d943125447b4_e7e480e5a997",
    "openssl-4.0": "t13d301100_1d37bd780c83_0d46a1bf4a7c",
    "python-3.11": "t13d181100_85036bcba153_d41ae481755e",
}

CHROME_CIPHERS = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
CHROME_EXTENSIONS = (
    "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
)
CHROME_SCHEMES = "0403,0804,0401,0503,0805,0501,0806,0601"

# Cipher suites, extensions and signature schemes in the client's order, and the fingerprint.
SPECIFIED = {
    "the specification's example": (
        CHROME_CIPHERS,
        CHROME_EXTENSIONS,
        CHROME_SCHEMES,
        "t13d1516h2_8daaf6152771_e5627efa2ab1",
    ),
    "with GREASE in every list": (
        "4a4a," + CHROME_CIPHERS,
        "dada," + CHROME_EXTENSIONS + ",7a7a",
        "0a0a," + CHROME_SCHEMES + ",fafa",
        "t13d1516h2_8daaf6152771_e5627efa2ab1",
    ),
    "a capture of Chrome with post-quantum schemes": (
        CHROME_CIPHERS,
        "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012",
        "0904,0905,0906,0403,0804,0401,0503,0805,0501,0806,0601",
        "t13d1517h2_8daaf6152771_cb7bf5808d99",
    ),
    "a capture of Firefox": (
        "1301,1303,1302,c02b,c02f,cca9,cca8,c02c,c030,c00a,c009,c013,c014,009c,009d,002f,0035",
        "0000,0017,ff01,000a,000b,0023,0010,0005,0022,0033,002b,000d,002d,001c,0015",
        "0403,0503,0603,0804,0805,0806,0401,0501,0601,0203,0201",
        "t13d1715h2_5b57614c22b0_3d5424432f57",
    ),
    "a capture of an older Chrome": (
        CHROME_CIPHERS + ",000a",
        "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,0015",
        "0403,0804,0401,0503,0805,0501,0806,0601,0201",
        "t13d1615h2_46e7e9700bed_45f260be83e2",
    ),
}


def numbers_of(text: str) -> list[int]:
    return [int(word, 16) for word in text.split(",") if word]


def rebuilt(ciphers: str, extensions: str, signature_schemes: str) -> ClientHello:
    """A hello with these lists; only what JA4 looks into has content."""
    content: dict[int, Extension] = {
        extension[0]: extension
        for extension in (
            sni(b"mail.example.org"),
            alpn(b"h2", b"http/1.1"),
            versions(0x0304, 0x0303),
            groups(0x001D),
            schemes(*numbers_of(signature_schemes)),
        )
    }
    chosen = [content.get(kind, (kind, b"")) for kind in numbers_of(extensions)]
    return hello_of(record(message(body(*chosen, ciphers=numbers_of(ciphers)))))


@pytest.mark.parametrize("name", REAL)
def test_a_real_client(name: str) -> None:
    assert ja4(hello_of(CLIENT_HELLOS[name])) == REAL[name]


def test_every_vector_has_a_fingerprint() -> None:
    assert REAL.keys() == CLIENT_HELLOS.keys()


@pytest.mark.parametrize(
    ("ciphers", "extensions", "signature_schemes", "expected"), SPECIFIED.values(), ids=SPECIFIED
)
def test_the_specification(
    ciphers: str, extensions: str, signature_schemes: str, expected: str
) -> None:
    assert ja4(rebuilt(ciphers, extensions, signature_schemes)) == expected


def test_without_schemes_the_extensions_are_hashed_alone() -> None:
    """The specification's example keeps the extension 000d and has no schemes all the same."""
    hello = rebuilt(CHROME_CIPHERS, CHROME_EXTENSIONS, CHROME_SCHEMES)
    bare = dataclasses.replace(hello, signature_algorithms=())
    assert ja4(bare).endswith("_6d807ffa2a79")


def made_hello(*extensions: Extension, **fields: Any) -> ClientHello:
    return hello_of(record(message(body(*extensions, **fields))))


def made(*extensions: Extension, **fields: Any) -> str:
    return ja4(made_hello(*extensions, **fields))


@pytest.mark.parametrize(
    ("legacy_version", "offered", "expected"),
    [
        (0x0303, (0x0302, 0x0304), "13"),
        (0x0303, (0x0303,), "12"),
        (0x0303, (0x8A8A, 0x0302), "11"),
        (0x0303, (0x7F1C,), "00"),
        (0x0304, (), "13"),
        (0x0303, (), "12"),
        (0x0302, (), "11"),
        (0x0301, (), "10"),
        (0x0300, (), "s3"),
        (0x0002, (), "s2"),
        (0x0200, (), "00"),
        (0xFEFD, (), "00"),
    ],
)
def test_the_version(legacy_version: int, offered: tuple[int, ...], expected: str) -> None:
    extensions = [versions(*offered)] if offered else []
    assert made(*extensions, legacy_version=legacy_version)[1:3] == expected


@pytest.mark.parametrize(
    ("protocols", "expected"),
    [
        ((), "00"),
        ((b"h2",), "h2"),
        ((b"http/1.1", b"h2"), "h1"),
        ((b"imap",), "ip"),
        ((b"A",), "AA"),
        ((b"\xab",), "ab"),
        ((b"\xab\xcd",), "ad"),
        ((b"\x30\xab",), "3b"),
        ((b"\x30\x31\xab\xcd",), "3d"),
        ((b"\x30\xab\xcd\x31",), "01"),
        ((b"acme-tls/",), "6f"),
        ((b"_x",), "58"),
    ],
)
def test_first_and_last_of_the_first_protocol(protocols: tuple[bytes, ...], expected: str) -> None:
    extensions = [alpn(*protocols)] if protocols else []
    assert made(*extensions)[8:10] == expected


def test_empty_lists_have_no_hash() -> None:
    assert made(ciphers=(0x0A0A,)) == "t12i000000_000000000000_000000000000"


def test_name_and_protocol_alone_have_no_hash() -> None:
    assert made(sni(b"a.example"), alpn(b"h2"))[-13:] == "_000000000000"
    assert made(sni(b"a.example"), alpn(b"h2"))[3:10] == "d0202h2"


def test_counts_end_at_99() -> None:
    kinds = range(100, 250)
    assert made(*((kind, b"") for kind in kinds), ciphers=kinds)[4:8] == "9999"
    kinds = range(100, 199)
    assert made(*((kind, b"") for kind in kinds), ciphers=kinds)[4:8] == "9999"
    kinds = range(100, 198)
    assert made(*((kind, b"") for kind in kinds), ciphers=kinds)[4:8] == "9898"


def test_neither_the_destination_nor_the_order_changes_the_hashes() -> None:
    extensions = [schemes(0x0403), groups(0x001D), (23, b"")]
    plain = made(*extensions, ciphers=(0x1301, 0x1302))
    named = made(sni(b"a.example"), *reversed(extensions), alpn(b"h2"), ciphers=(0x1302, 0x1301))
    assert plain[10:] == named[10:]
    assert plain[:10] != named[:10]


def test_the_order_of_the_schemes_changes_the_hash() -> None:
    assert made(schemes(0x0403, 0x0804)) != made(schemes(0x0804, 0x0403))


def test_a_handmade_hello_with_grease() -> None:
    hello = hello_of(record(message(chrome_like())))
    kinds = {VERSIONS, KEY_SHARE, SERVER_NAME, ALPN, GROUPS, SCHEMES, 0xFE0D}
    assert set(hello.extensions) == kinds
    assert ja4(hello).startswith("t13d0307h2_")
