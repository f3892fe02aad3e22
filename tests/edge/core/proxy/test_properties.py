"""What holds for every input: of the encoder, and of the decoder."""

from hypothesis import given
from hypothesis import strategies as st

from edge.core.proxy.decode import Decoded, decode
from edge.core.proxy.tlv import (
    PP2_SUBTYPE_SSL_CIPHER,
    PP2_SUBTYPE_SSL_VERSION,
    PP2_TYPE_ALPN,
    PP2_TYPE_AUTHORITY,
    PP2_TYPE_CRC32C,
    PP2_TYPE_SSL,
    PP2_TYPE_UNIQUE_ID,
    Tlv,
    first_tlv,
    is_clean_name,
)
from edge.core.proxy.v2 import HeaderEncoder
from edge.errors import NEED_MORE, ProtocolError
from tests.support.handmade_headers import SIGNATURE, tlv
from tests.support.proxy_sessions import encode, encode_arguments

choices = st.sets(st.sampled_from(list(Tlv)))
ORDER = [
    PP2_TYPE_SSL,
    PP2_TYPE_ALPN,
    PP2_TYPE_AUTHORITY,
    PP2_TYPE_UNIQUE_ID,
    PP2_TYPE_CRC32C,
]


@given(encode_arguments, choices, st.integers(201, 536))
def test_what_is_encoded_decodes(arguments, choice, limit_bytes):
    data = encode(encoder=HeaderEncoder(tlvs=choice, limit_bytes=limit_bytes), **arguments)
    decoded = decode(data + b"220 ready\r\n")
    assert isinstance(decoded, Decoded)
    assert len(data) == decoded.consumed <= limit_bytes
    assert decoded.source is not None
    assert decoded.source[1] == arguments["source"][1]
    types = [found for found, _ in decoded.tlvs]
    assert types == [found for found in ORDER if found in types]
    assert (PP2_TYPE_CRC32C in types) is (Tlv.CRC32C in choice)
    for found, name in (
        (PP2_TYPE_ALPN, "alpn"),
        (PP2_TYPE_AUTHORITY, "authority"),
        (PP2_TYPE_UNIQUE_ID, "unique_id"),
    ):
        value = first_tlv(decoded.tlvs, found)
        given_value = arguments[name]
        if isinstance(given_value, str):
            given_value = given_value.encode("utf-8", "surrogatepass")
        assert value in {None, given_value}


@given(encode_arguments)
def test_never_over_232_bytes_by_default(arguments):
    assert len(encode(**arguments)) <= 232


@given(encode_arguments)
def test_the_ssl_tlv_is_there_if_and_only_if_the_session_is_tls(arguments):
    tls = arguments["tls"]
    decoded = decode(encode(**arguments))
    assert isinstance(decoded, Decoded)
    assert (decoded.ssl is not None) is (tls is not None)
    if decoded.ssl is None:
        return
    verified = tls.client_certificate or tls.client_certificate_in_session
    assert decoded.ssl.client & 0x01
    assert bool(decoded.ssl.client & 0x02) is tls.client_certificate
    assert bool(decoded.ssl.client & 0x04) is verified
    assert (decoded.ssl.verify == 0) is verified
    for sub_type, name in (
        (PP2_SUBTYPE_SSL_VERSION, tls.version),
        (PP2_SUBTYPE_SSL_CIPHER, tls.cipher),
    ):
        expected = name.encode() if is_clean_name(name) else None
        assert first_tlv(decoded.ssl.sub_tlvs, sub_type) == expected


tlv_blocks = st.lists(
    st.builds(tlv, st.sampled_from([1, 2, 3, 4, 5, 0x20, 0x21, 0xE0]), st.binary(max_size=40)),
    max_size=6,
).map(b"".join)
nearly_v2 = st.builds(
    lambda command, family, length, body: (
        SIGNATURE
        + bytes([command, family])
        + (len(body) if length is None else length).to_bytes(2, "big")
        + body
    ),
    st.sampled_from([0x20, 0x21, 0x22, 0x11]),
    st.sampled_from([0x00, 0x11, 0x12, 0x21, 0x31, 0xFF]),
    st.none() | st.integers(0, 600),
    st.builds(bytes.__add__, st.binary(max_size=40), tlv_blocks | st.binary(max_size=300)),
)
nearly_v1 = st.builds(
    b"PROXY %b\r\n%b".__mod__,
    st.tuples(
        st.sampled_from([b"UNKNOWN", b"TCP4 192.0.2.1 192.0.2.2 1 2", b"TCP6 ::1 ::2 1 2"])
        | st.text("TCP46 .:0123456789abcdef\r\n%", max_size=120).map(str.encode),
        st.binary(max_size=20),
    ),
)
damaged = st.builds(
    lambda data, at, byte: data[: at % len(data)] + bytes([byte]) + data[at % len(data) + 1 :],
    encode_arguments.map(lambda arguments: encode(**arguments)),
    st.integers(0, 300),
    st.integers(0, 255),
)
any_bytes = st.binary(max_size=600) | nearly_v2 | nearly_v1 | damaged


def result_of(data: bytes):
    try:
        return decode(data)
    except ProtocolError as error:
        return error.outcome, error.detail


@given(any_bytes)
def test_the_decoder_has_three_results_whole_and_byte_by_byte(data):
    whole = result_of(data)
    piecewise = (result_of(data[:size]) for size in range(len(data) + 1))
    first = next((result for result in piecewise if result is not NEED_MORE), NEED_MORE)
    assert first == whole
    if isinstance(whole, Decoded):
        assert 0 < whole.consumed <= min(len(data), 536)
