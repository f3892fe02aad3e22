"""The strict reader: what it takes, and each thing that it refuses."""

import pytest

from edge.core.proxy.decode import Decoded, DecodedSsl, decode
from edge.errors import NEED_MORE, ProtocolError
from edge.outcome import Outcome
from tests.support.handmade_headers import (
    SIGNATURE,
    V4_ADDRESSES,
    V6_ADDRESSES,
    header,
    ssl_tlv,
    tlv,
    with_crc32c,
)
from tests.support.proxy_sessions import (
    DESTINATION_V4,
    DESTINATION_V6,
    SOURCE_V4,
    SOURCE_V6,
    VECTORS,
)

CUSTOM = tlv(0xE0, b"x")


def proxy(*, version=2, source=SOURCE_V4, destination=DESTINATION_V4, tlvs=(), ssl=None, size):
    return Decoded(
        version=version,
        command="proxy",
        source=source,
        destination=destination,
        tlvs=tlvs,
        ssl=ssl,
        consumed=size,
    )


def local(size):
    return Decoded(
        version=2,
        command="local",
        source=None,
        destination=None,
        tlvs=(),
        ssl=None,
        consumed=size,
    )


def test_the_full_vector():
    data = (VECTORS / "client_certificate.bin").read_bytes()
    sub_tlvs = (
        (0x21, b"TLSv1.3"),
        (0x23, b"TLS_AES_256_GCM_SHA384"),
        (0x26, b"X25519MLKEM768"),
        (0x24, b"ecdsa-with-SHA256"),
        (0x25, b"EC256"),
        (0x22, "Zoë Example".encode()),
    )
    decoded = decode(data + b"220 application data")
    assert isinstance(decoded, Decoded)
    assert [tlv_type for tlv_type, _ in decoded.tlvs] == [0x20, 0x01, 0x02, 0x05, 0x03]
    assert decoded.tlvs[1:4] == (
        (0x01, b"imap"),
        (0x02, b"mail.example.org"),
        (0x05, b"0123456789abcdef"),
    )
    assert decoded.ssl == DecodedSsl(client=7, verify=0, sub_tlvs=sub_tlvs)
    assert (decoded.source, decoded.destination) == (SOURCE_V4, DESTINATION_V4)
    assert decoded.consumed == len(data)


def test_the_vectors_of_stalwarts_parser():
    refused = (VECTORS / "stalwart_tcp4_tlvs.bin").read_bytes()
    # Its checksum is wrong, which that parser never notices. Put right, the rest is good.
    with pytest.raises(ProtocolError, match="CRC32C"):
        decode(refused)
    decoded = decode(refused.replace(bytes.fromhex("d399d8d8"), bytes.fromhex("812146e0")))
    assert isinstance(decoded, Decoded)
    assert decoded.source == ("127.0.0.1", 12345)
    assert decoded.destination == ("192.168.0.1", 443)
    assert decoded.ssl is not None
    assert (decoded.ssl.client, decoded.ssl.verify) == (7, 0)
    assert decoded.ssl.sub_tlvs[0] == (0x21, b"TLSv1.3")

    data = (VECTORS / "stalwart_local.bin").read_bytes()
    assert decode(data) == local(31)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (header(0x21, 0x11, V4_ADDRESSES), proxy(size=28)),
        (
            header(0x21, 0x21, V6_ADDRESSES),
            proxy(source=SOURCE_V6, destination=DESTINATION_V6, size=52),
        ),
        (header(0x21, 0x00), proxy(source=None, destination=None, size=16)),
        (
            header(0x21, 0x31, bytes(216), CUSTOM),
            proxy(source=None, destination=None, tlvs=((0xE0, b"x"),), size=236),
        ),
        (
            header(0x21, 0x11, V4_ADDRESSES, CUSTOM, tlv(4, b""), CUSTOM),
            proxy(tlvs=((0xE0, b"x"), (4, b""), (0xE0, b"x")), size=39),
        ),
        (
            header(0x21, 0x11, V4_ADDRESSES, ssl_tlv(0, 0xFFFFFFFF)),
            proxy(
                tlvs=((0x20, b"\0\xff\xff\xff\xff"),),
                ssl=DecodedSsl(client=0, verify=0xFFFFFFFF, sub_tlvs=()),
                size=36,
            ),
        ),
        (header(0x20, 0x00), local(16)),
        (header(0x20, 0x11), local(16)),
        (header(0x20, 0xFF, b"anything at all"), local(31)),
        (header(0x20, 0x11, V4_ADDRESSES, ssl_tlv(1, 0)), local(36)),
        (
            b"PROXY TCP4 203.0.113.77 192.0.2.10 50000 993\r\nEHLO x\r\n",
            proxy(version=1, size=46),
        ),
        (
            b"PROXY TCP6 2001:DB8::77 2001:db8:0:0:0:0:0:1 50000 993\r\n",
            proxy(version=1, source=SOURCE_V6, destination=DESTINATION_V6, size=56),
        ),
        (
            b"PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535\r\n",
            proxy(
                version=1,
                source=("::ffff:192.0.2.1", 0),
                destination=("::1", 65535),
                size=41,
            ),
        ),
        (b"PROXY UNKNOWN\r\n", proxy(version=1, source=None, destination=None, size=15)),
        (
            b"PROXY UNKNOWN ::1 ::1 1 2\r\n",
            proxy(version=1, source=None, destination=None, size=27),
        ),
    ],
)
def test_good_headers(data, expected):
    assert decode(data) == expected


def test_every_beginning_of_a_header_needs_more():
    v2 = (VECTORS / "tls13_v6.bin").read_bytes()
    for data in (v2, b"PROXY TCP4 203.0.113.77 192.0.2.10 50000 993\r\n", b"PROXY UNKNOWN\r\n"):
        assert {decode(data[:size]) for size in range(len(data))} == {NEED_MORE}
        assert isinstance(decode(data), Decoded)


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO x\r\n",
        b"PROXX",
        b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\r\n\r\nGET / HTTP/1.1",
        SIGNATURE[:11] + b"\r",
    ],
)
def test_what_begins_no_header_is_refused_at_once(data):
    with pytest.raises(ProtocolError, match="no PROXY header"):
        decode(data)


def v4(*tlvs: bytes) -> bytes:
    return header(0x21, 0x11, V4_ADDRESSES, *tlvs)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (header(0x22, 0x11, V4_ADDRESSES), "command"),
        (header(0x11, 0x11, V4_ADDRESSES), "version"),
        (header(0x21, 0x12, V4_ADDRESSES), "family"),
        (header(0x21, 0x41, V4_ADDRESSES), "family"),
        (header(0x21, 0x13, V4_ADDRESSES), "family"),
        (header(0x21, 0x11, V4_ADDRESSES[:11]), "address block"),
        (header(0x21, 0x21, V4_ADDRESSES), "address block"),
        (header(0x21, 0x31, bytes(215)), "address block"),
        (SIGNATURE + b"\x21\x11\xff\xff", "too long"),
        (SIGNATURE + b"\x20\x00\xff\xff", "too long"),
        (SIGNATURE + b"\x21\x11" + (521).to_bytes(2, "big"), "too long"),
        (v4(b"\x01"), "cut off"),
        (v4(b"\x01\x00"), "cut off"),
        (v4(b"\x01\x00\x01"), "past the end"),
        (v4(b"\x04\xff\xff", bytes(200)), "past the end"),
        (v4(tlv(0x20, bytes(4))), "fixed part"),
        (v4(tlv(0x20, b"")), "fixed part"),
        (v4(ssl_tlv(1, 1, b"\x21\x00")), "cut off"),
        (v4(ssl_tlv(1, 1, b"\x21\x00\x08TLSv1.3"), CUSTOM * 5), "past the end"),
        (v4(ssl_tlv(1, 1), ssl_tlv(1, 0)), "only one"),
        (v4(tlv(0x03, bytes(4))), "CRC32C is wrong"),
        (v4(tlv(0x03, bytes(3))), "four bytes"),
        (v4(tlv(0x03, bytes(5))), "four bytes"),
        (v4(tlv(0x02, b"")), "DNS name"),
        (v4(tlv(0x02, b"a." * 128)), "DNS name"),
        (v4(tlv(0x02, b"a" * 256)), "DNS name"),
        (v4(tlv(0x02, b"mail.example.org\n")), "DNS name"),
        (v4(tlv(0x02, "münchen.example".encode())), "DNS name"),
        (v4(tlv(0x02, b"a"), tlv(0x02, b"b")), "only one"),
        (v4(tlv(0x05, bytes(129))), "128"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n" + b"x" * 200, "too long"),
        (b"PROXY " + b"x" * 101, "too long"),
        (b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n", "too long"),
        (b"PROXY\r\n", "no PROXY header"),
        (b"PROXY \r\n", "malformed version 1"),
        (b"PROXY UNKNOWNX\r\n", "malformed version 1"),
        (b"PROXY UNKNOWN \n\r\n", "malformed version 1"),
        (b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", "malformed version 1"),
        (b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", "malformed version 1"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", "malformed version 1"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "malformed version 1"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "malformed version 1"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 +2\r\n", "malformed version 1"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", "malformed address"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.256 1 2\r\n", "malformed address"),
        (b"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n", "malformed address"),
        (b"PROXY TCP4 ::1 ::2 1 2\r\n", "malformed address"),
        (b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "malformed address"),
        (b"PROXY TCP6 ::1 1::2::3 1 2\r\n", "malformed address"),
        (b"PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n", "malformed version 1"),
    ],
)
def test_refusals(data, detail):
    with pytest.raises(ProtocolError, match=detail) as caught:
        decode(data)
    assert caught.value.outcome is Outcome.WRONG_PROTOCOL


def test_the_checksum_covers_every_byte():
    data = with_crc32c(0x21, 0x11, V4_ADDRESSES, tlv(0x05, b"abc"))
    assert isinstance(decode(data), Decoded)
    for at in (16, 24, 31, 33, len(data) - 1):
        broken = bytearray(data)
        broken[at] ^= 0x10
        with pytest.raises(ProtocolError, match="CRC32C is wrong"):
            decode(bytes(broken))


def test_a_checksum_in_the_middle_covers_what_is_behind_it():
    unsealed = v4(tlv(0x03, bytes(4)), tlv(0x05, b"abc"))
    data = with_crc32c(0x21, 0x11, V4_ADDRESSES)
    with pytest.raises(ProtocolError, match="CRC32C is wrong"):
        decode(unsealed[:31] + data[-4:] + unsealed[35:])


def test_two_checksums_are_refused_even_if_both_are_right():
    once = with_crc32c(0x21, 0x11, V4_ADDRESSES)
    with pytest.raises(ProtocolError, match="only one"):
        decode(header(0x21, 0x11, once[16:], once[-7:]))


def test_the_limit_counts_the_whole_header():
    data = v4(tlv(0x04, bytes(97)))
    assert len(data) == 128
    assert isinstance(decode(data, limit_bytes=128), Decoded)
    with pytest.raises(ProtocolError, match="too long"):
        decode(data, limit_bytes=127)
    longest = v4(tlv(0x04, bytes(505)))
    assert isinstance(decode(longest), Decoded)
    with pytest.raises(ProtocolError, match="too long"):
        decode(v4(tlv(0x04, bytes(506))), limit_bytes=70_000)
    with pytest.raises(ProtocolError, match="too long"):
        decode(b"PROXY TCP4 203.0.113.77 192.0.2.10 50000 993\r\n", limit_bytes=45)
