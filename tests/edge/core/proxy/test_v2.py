"""The version 2 header, rule by rule, against vectors and headers put together by hand."""

from dataclasses import replace

import pytest

from edge.core.proxy.tlv import Tlv
from edge.core.proxy.v2 import HeaderEncoder, encode_local
from tests.support.handmade_headers import V4_ADDRESSES, V6_ADDRESSES, header, ssl_tlv, tlv
from tests.support.proxy_sessions import (
    DESTINATION_V4,
    DESTINATION_V6,
    SOURCE_V4,
    SOURCE_V6,
    TLS,
    TLS_WITH_CLIENT,
    UNIQUE_ID,
    VECTORS,
    encode,
)

BARE = replace(TLS, group=None, certificate_signature=None, certificate_key=None)
NO_CRC = HeaderEncoder(tlvs=[Tlv.SSL, Tlv.AUTHORITY, Tlv.ALPN, Tlv.UNIQUE_ID])
SSL_ONLY = HeaderEncoder(tlvs=[Tlv.SSL])

VERSION = tlv(0x21, b"TLSv1.3")
CIPHER = tlv(0x23, b"TLS_AES_256_GCM_SHA384")
GROUP = tlv(0x26, b"X25519MLKEM768")
SIG_ALG = tlv(0x24, b"ecdsa-with-SHA256")
KEY_ALG = tlv(0x25, b"EC256")
CN = tlv(0x22, "Zoë Example".encode())
ALPN = tlv(0x01, b"imap")
AUTHORITY = tlv(0x02, b"mail.example.org")
ID = tlv(0x05, UNIQUE_ID)
NAME_63_BYTES = "mail-with-a-long-name.department.subsidiary.holding.example.org"


def v4(*parts: bytes) -> bytes:
    return header(0x21, 0x11, V4_ADDRESSES, *parts)


def v6(*parts: bytes) -> bytes:
    return header(0x21, 0x21, V6_ADDRESSES, *parts)


@pytest.mark.parametrize(
    ("vector", "arguments"),
    [
        ("plaintext_v4", {"tls": None, "authority": None, "alpn": None}),
        ("tls13_v4", {}),
        ("tls13_v6", {"source": SOURCE_V6, "destination": DESTINATION_V6}),
        (
            "mixed_families",
            {
                "destination": DESTINATION_V6,
                "tls": replace(TLS, certificate_signature=None, certificate_key=None),
                "authority": None,
                "alpn": None,
            },
        ),
        ("client_certificate", {"tls": TLS_WITH_CLIENT}),
        (
            "resumed_client_certificate",
            {
                "tls": replace(
                    TLS_WITH_CLIENT,
                    client_certificate=False,
                    certificate_signature=None,
                    certificate_key=None,
                ),
                "authority": None,
                "alpn": None,
            },
        ),
        (
            "trimmed_v6",
            {"source": SOURCE_V6, "destination": DESTINATION_V6, "authority": NAME_63_BYTES},
        ),
    ],
)
def test_golden_vectors(vector, arguments):
    assert encode(**arguments) == (VECTORS / f"{vector}.bin").read_bytes()


def test_local_is_16_bytes():
    assert encode_local() == (VECTORS / "local.bin").read_bytes()
    assert len(encode_local()) == 16


@pytest.mark.parametrize(
    ("source", "destination", "family", "packed"),
    [
        ("192.0.2.1", "192.0.2.2", 0x11, "c0000201 c0000202"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", 0x11, "c0000201 c0000202"),
        ("::ffff:192.0.2.1", "192.0.2.2", 0x11, "c0000201 c0000202"),
        ("::1", "fe80::2%eth0", 0x21, "00" * 15 + "01 fe80" + "00" * 13 + "02"),
        ("192.0.2.1", "::2", 0x21, "00" * 10 + "ffffc0000201" + "00" * 15 + "02"),
        ("::1", "::ffff:192.0.2.2", 0x21, "00" * 15 + "01" + "00" * 10 + "ffffc0000202"),
    ],
    ids=["v4", "mapped", "half mapped", "v6 with zone", "v4 to v6", "v6 to mapped"],
)
def test_families(source, destination, family, packed):
    sent = encode(
        encoder=SSL_ONLY, source=(source, 258), destination=(destination, 65535), tls=None
    )
    assert sent == header(0x21, family, bytes.fromhex(packed), bytes.fromhex("0102 ffff"))


@pytest.mark.parametrize(
    ("changes", "client", "verify", "cn"),
    [
        ({}, 0x01, 1, b""),
        ({"client_cn": "not verified"}, 0x01, 1, b""),
        (
            {"client_certificate": True, "client_certificate_in_session": True, "client_cn": "a"},
            0x07,
            0,
            tlv(0x22, b"a"),
        ),
        ({"client_certificate_in_session": True, "client_cn": "a"}, 0x05, 0, tlv(0x22, b"a")),
        # Presented over this connection, so over this session too.
        ({"client_certificate": True}, 0x07, 0, b""),
    ],
    ids=["none", "name only", "presented", "resumed", "presented, flag forgotten"],
)
def test_client_bits_and_verify(changes, client, verify, cn):
    sent = encode(encoder=SSL_ONLY, tls=replace(BARE, **changes))
    assert sent == v4(ssl_tlv(client, verify, VERSION, CIPHER, cn))


def test_order_on_the_wire():
    ssl = ssl_tlv(0x07, 0, VERSION, CIPHER, GROUP, SIG_ALG, KEY_ALG, CN)
    assert encode(encoder=NO_CRC, tls=TLS_WITH_CLIENT) == v4(ssl, ALPN, AUTHORITY, ID)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ([], b""),
        ([Tlv.SSL], ssl_tlv(1, 1, VERSION, CIPHER)),
        ([Tlv.ALPN], ALPN),
        ([Tlv.AUTHORITY], AUTHORITY),
        ([Tlv.UNIQUE_ID], ID),
        ([Tlv.UNIQUE_ID, Tlv.ALPN], ALPN + ID),
    ],
)
def test_only_what_the_operator_chose_is_sent(choice, expected):
    assert encode(encoder=HeaderEncoder(tlvs=choice), tls=BARE) == v4(expected)


def test_a_plaintext_session_has_no_ssl_tlv():
    assert encode(encoder=NO_CRC, tls=None, alpn=None, authority=None) == v4(ID)


def test_nothing_is_sent_for_what_is_missing():
    sent = encode(encoder=NO_CRC, tls=BARE, alpn=b"", authority="", unique_id=b"")
    assert sent == v4(ssl_tlv(1, 1, VERSION, CIPHER))


# Room for TLVs with IPv6 and no checksum: 232 - 16 - 36 = 180. SSL with version and cipher takes
# 43, CN 15, ID 19, GROUP 17: 86 are left.
@pytest.mark.parametrize(
    ("authority", "sub_tlvs", "outer"),
    [
        # 28 + 7 + 20 + 8: all of it.
        ("a" * 25, GROUP + SIG_ALG + KEY_ALG + CN, [ALPN, tlv(2, b"a" * 25), ID]),
        # 52 + 7 + 20: the key's algorithm goes.
        ("a" * 49, GROUP + SIG_ALG + CN, [ALPN, tlv(2, b"a" * 49), ID]),
        # 60 + 7: the signature goes, and the room it leaves takes the smaller one.
        ("a.b." + "a" * 53, GROUP + KEY_ALG + CN, [ALPN, tlv(2, b"a.b." + b"a" * 53), ID]),
        # 83: ALPN goes too.
        ("a." * 10 + "a" * 60, GROUP + CN, [tlv(2, b"a." * 10 + b"a" * 60), ID]),
        # 87 is one too many: without AUTHORITY the others fit again.
        ("a." * 12 + "a" * 60, GROUP + SIG_ALG + KEY_ALG + CN, [ALPN, ID]),
    ],
)
def test_the_least_important_tlvs_are_left_out(authority, sub_tlvs, outer):
    sent = encode(
        encoder=NO_CRC,
        source=SOURCE_V6,
        destination=DESTINATION_V6,
        tls=TLS_WITH_CLIENT,
        authority=authority,
    )
    assert sent == v6(ssl_tlv(7, 0, VERSION + CIPHER + sub_tlvs), *outer)
    assert len(sent) <= 232


def test_the_client_name_goes_before_a_long_unique_id():
    sent = encode(
        encoder=NO_CRC,
        source=SOURCE_V6,
        destination=DESTINATION_V6,
        tls=replace(TLS_WITH_CLIENT, client_cn="n" * 64),
        authority=None,
        alpn=None,
        unique_id=b"u" * 128,
    )
    assert sent == v6(ssl_tlv(7, 0, VERSION, CIPHER, GROUP, SIG_ALG, KEY_ALG, tlv(0x22, b"n" * 64)))


def test_a_plaintext_header_is_trimmed_too():
    sent = encode(
        encoder=NO_CRC,
        source=SOURCE_V6,
        destination=DESTINATION_V6,
        tls=None,
        authority="a." * 30 + "a",
        unique_id=b"u" * 128,
    )
    assert sent == v6(ALPN, tlv(0x05, b"u" * 128))


def test_version_cipher_and_checksum_fit_into_the_smallest_limit():
    encoder = HeaderEncoder(tlvs=tuple(Tlv), limit_bytes=201)
    tls = replace(TLS_WITH_CLIENT, version="v" * 64, cipher="c" * 64)
    sent = encode(encoder=encoder, source=SOURCE_V6, destination=DESTINATION_V6, tls=tls)
    assert sent[:-7] == v6(ssl_tlv(7, 0, tlv(0x21, b"v" * 64), tlv(0x23, b"c" * 64)), bytes(7))[:-7]
    assert sent[-7:-4] == bytes.fromhex("03 0004")
    assert len(sent) == 201


@pytest.mark.parametrize("limit_bytes", [0, 200, 537])
def test_a_limit_that_cannot_be_kept_is_refused(limit_bytes):
    with pytest.raises(ValueError, match="201 to 536"):
        HeaderEncoder(tlvs=tuple(Tlv), limit_bytes=limit_bytes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": ("", 1)}, "empty"),
        ({"source": ("/run/client.sock", 1)}, "client.sock"),
        ({"source": ("192.0.2.1", 65536)}, "port"),
        ({"destination": ("mail.example.org", 993)}, "mail.example.org"),
        ({"destination": ("192.0.2.1", -1)}, "port"),
        ({"unique_id": b"u" * 129}, "128 bytes"),
    ],
)
def test_programmers_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        encode(**changes)


def test_the_caches_stay_bounded_and_change_nothing():
    encoder = HeaderEncoder(tlvs=tuple(Tlv))
    for number in range(600):
        arguments = {
            "tls": replace(TLS_WITH_CLIENT, client_cn=f"client {number}"),
            "destination": (f"192.0.{number // 256}.{number % 256}", 25),
        }
        first = encode(encoder=encoder, **arguments)
        assert encode(encoder=encoder, **arguments) == first == encode(**arguments)
    assert len(encoder._tlvs) <= 256
    assert len(encoder._destinations) <= 256


def test_one_encoder_keeps_clients_apart():
    encoder = HeaderEncoder(tlvs=tuple(Tlv))
    before = encode(encoder=encoder, source=SOURCE_V4, destination=DESTINATION_V4)
    encode(encoder=encoder, tls=TLS_WITH_CLIENT, source=SOURCE_V6, destination=DESTINATION_V6)
    encode(encoder=encoder, tls=None)
    assert encode(encoder=encoder, source=SOURCE_V4, destination=DESTINATION_V4) == before
