"""Which texts may be sent, and how one TLV looks."""

import pytest

from edge.core.proxy.tlv import Tlv, encode_tlv, first_tlv, is_clean_name, is_dns_name

LABEL_63 = "a" * 63
NAME_253 = ".".join([LABEL_63] * 3 + ["a" * 61])


@pytest.mark.parametrize(
    "name",
    [
        "mail.example.org",
        "MAIL.Example.ORG",
        "localhost",
        "a",
        "1.example",
        "3com.example",
        "xn--mnchen-3ya.example",
        "example.xn--p1ai",
        "1.2.3.4a",
        LABEL_63,
        NAME_253,
    ],
)
def test_dns_names(name):
    assert is_dns_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "example.org.",
        ".example.org",
        "a..b",
        "-a.example",
        "a-.example",
        "a.-",
        "under_score.example",
        "*.example.org",
        "a b.example",
        "mail.example.org\n",
        "mail.example.org\r\nX",
        "mail\x00.example",
        "münchen.example",
        "\uff11.example",
        "192.0.2.1",
        "1234",
        "::1",
        "[::1]",
        "host:25",
        LABEL_63 + "a",
        "a" + NAME_253,
    ],
)
def test_not_dns_names(name):
    assert not is_dns_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "TLSv1.3",
        "TLS_AES_256_GCM_SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "X25519MLKEM768",
        "RSA-SHA512/256",
        "http/1.1",
        "a" * 64,
    ],
)
def test_clean_names(name):
    assert is_clean_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "a" * 65, "TLSv1.3\n", "TLS v1.3", "TLSv1.3)", "a\tb", "a\x00b", "a\x7fb", "é", "\uff11"],
)
def test_not_clean_names(name):
    assert not is_clean_name(name)


def test_encode_tlv_is_type_length_value():
    assert encode_tlv(0x02, b"") == b"\x02\x00\x00"
    assert encode_tlv(0x05, b"x" * 258) == b"\x05\x01\x02" + b"x" * 258


def test_first_tlv_is_what_every_reader_takes():
    tlvs = ((4, b""), (5, b"one"), (5, b"two"))
    assert first_tlv(tlvs, 5) == b"one"
    assert first_tlv(tlvs, 4) == b""
    assert first_tlv(tlvs, 1) is None


def test_the_operators_choices_are_an_interface():
    assert list(Tlv) == ["ssl", "authority", "alpn", "unique-id", "crc32c"]
