"""Attack: texts of the client's making in a header that the backend believes.

Stalwart copies version and cipher into the Received field as they are, Dovecot logs a client in
by the CN, HAProxy and Dovecot refuse a connection whose AUTHORITY is no name. So a text is sent
clean, or not at all; and a header that two readers could understand differently is refused.
"""

from dataclasses import replace
from ipaddress import AddressValueError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.proxy.decode import Decoded, decode
from edge.core.proxy.v1 import encode_v1
from edge.errors import ProtocolError
from tests.support.handmade_headers import V4_ADDRESSES, header, ssl_tlv, tlv
from tests.support.proxy_sessions import TLS, TLS_WITH_CLIENT, encode
from tests.support.stalwart_oracle import read_as_stalwart

HOSTILE = [
    "TLSv1.3\r\nBcc: victim@example.org",
    "TLSv1.3\n",
    "TLSv1.3\r",
    "TLSv1.3\x00",
    "TLSv1.3) by evil (",
    "TLSv1.3 with cipher NULL",
    "TLSv1.3\x7f",
    "TLSv1.3\x85",
    "TLSv1.3\u2028",
    "TLSv1.\u0663",
    "\ud800",
    "x" * 65,
    "x" * 70_000,
]


def texts_of(data: bytes) -> list[bytes]:
    """Every value in a header that is text."""
    decoded = decode(data)
    assert isinstance(decoded, Decoded)
    sub_tlvs = decoded.ssl.sub_tlvs if decoded.ssl is not None else ()
    return [value for kind, value in (*decoded.tlvs, *sub_tlvs) if kind not in {0x03, 0x05, 0x20}]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "field", ["version", "cipher", "group", "certificate_signature", "certificate_key"]
)
def test_hostile_names_are_left_out(field, text):
    clean = getattr(TLS, field).encode()
    sent = texts_of(encode(tls=replace(TLS, **{field: text})))
    assert sent == [value for value in texts_of(encode()) if value != clean]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_received_field_gets_unknown_instead(text):
    view = read_as_stalwart(encode(tls=replace(TLS, version=text, cipher=text)))
    assert view is not None
    assert (view.is_tls, view.version, view.cipher) == (True, "unknown", "unknown")


@pytest.mark.parametrize(
    "name",
    [
        "admin\x00.evil.example",
        "admin\r\n",
        "\tadmin",
        "ad\u200bmin",
        "\u202enimda",
        "admin\u2028",
        "\ud800",
        "a" * 65,
        "é" * 33,
    ],
)
def test_a_client_name_is_never_repaired_into_another_one(name):
    with_client = replace(TLS_WITH_CLIENT, client_cn=name)
    without_name = replace(TLS_WITH_CLIENT, client_cn=None)
    assert encode(tls=with_client) == encode(tls=without_name)


def test_a_client_name_without_a_verified_certificate_is_never_sent():
    assert encode(tls=replace(TLS, client_cn="admin")) == encode(tls=TLS)


@pytest.mark.parametrize(
    "name",
    [
        "mail.example.org\r\nX: y",
        "mail.example.org\n",
        "mail.example.org\x00",
        "mail.example.org.",
        "mail example.org",
        '"mail.example.org"',
        "münchen.example",
        "192.0.2.1",
        "a" * 64 + ".example",
        "a." * 127 + "a",
        "\ud800.example",
    ],
)
def test_an_authority_that_is_no_dns_name_is_left_out(name):
    assert encode(authority=name) == encode(authority=None)


@pytest.mark.parametrize("alpn", [b"imap\r\n", b"im\x00ap", b"\xff", b"\xca\xca", b"a" * 255, b" "])
def test_an_unclean_alpn_is_left_out(alpn):
    assert encode(alpn=alpn) == encode(alpn=None)


@given(
    st.text(max_size=80),
    st.text(max_size=80),
    st.text(max_size=80),
    st.text(max_size=80),
    st.binary(max_size=40),
)
def test_no_control_character_ever_reaches_a_backend(version, cipher, cn, authority, alpn):
    tls = replace(TLS_WITH_CLIENT, version=version, cipher=cipher, client_cn=cn)
    for value in texts_of(encode(tls=tls, authority=authority, alpn=alpn)):
        assert value.decode().isprintable()


@pytest.mark.parametrize("host", ["192.0.2.1 192.0.2.1 1 1\r\nPROXY TCP4", "192.0.2.1\r\n"])
def test_a_version_1_line_cannot_be_continued_by_an_address(host):
    with pytest.raises(AddressValueError):
        encode_v1((host, 1), ("192.0.2.2", 2))


def test_a_version_1_line_holds_no_zone():
    line = encode_v1(("fe80::1%\r\nEHLO evil\r\n", 1), ("fe80::2", 2))
    assert line == b"PROXY TCP6 fe80:0:0:0:0:0:0:1 fe80:0:0:0:0:0:0:2 1 2\r\n"


PLAIN = ssl_tlv(0, 1)
TLS_CLAIM = ssl_tlv(1, 0, tlv(0x21, b"TLSv1.3"))


@pytest.mark.parametrize(
    "tlvs",
    [
        [PLAIN, TLS_CLAIM],
        [tlv(0x04, b"")[:2] + b"\xff", TLS_CLAIM],
        [tlv(0x20, bytes(4)), TLS_CLAIM],
        [tlv(0x20, b"\x01\0\0\0\0\x21\x00\xff" + b"TLSv1.3")],
        [tlv(0x02, b"a.example"), tlv(0x02, b"b.example")],
        [tlv(0x02, b"a" * 256)],
        [tlv(0x03, bytes(4)), TLS_CLAIM],
    ],
    ids=[
        "two SSL TLVs",
        "TLV past the end",
        "short SSL before a good one",
        "sub-TLV past its parent",
        "two authorities",
        "long authority",
        "wrong checksum",
    ],
)
def test_headers_that_two_readers_understand_differently_are_refused(tlvs):
    with pytest.raises(ProtocolError):
        decode(header(0x21, 0x11, V4_ADDRESSES, *tlvs))


def test_local_gives_no_tls_and_no_client():
    decoded = decode(header(0x20, 0x11, V4_ADDRESSES, TLS_CLAIM))
    assert isinstance(decoded, Decoded)
    assert (decoded.command, decoded.source, decoded.ssl, decoded.tlvs) == ("local", None, None, ())


def test_no_byte_of_the_network_is_in_an_error():
    with pytest.raises(ProtocolError) as caught:
        decode(b"PROXY TCP4 secret\r\n")
    assert "secret" not in str(caught.value)
