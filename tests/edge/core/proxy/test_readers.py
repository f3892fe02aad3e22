"""What other readers take from our headers is what we put in: Stalwart's rules, and aiosmtpd."""

import asyncio
from ipaddress import IPv6Address, ip_address

import pytest
from aiosmtpd.proxy_protocol import AF, V2_CMD, ProxyData, get_proxy
from hypothesis import given

from edge.core.proxy.decode import Decoded, decode
from edge.core.proxy.tlv import PP2_TYPE_SSL, is_clean_name
from edge.core.proxy.v1 import encode_v1
from edge.core.proxy.v2 import encode_local
from tests.support.proxy_sessions import (
    TLS,
    VECTORS,
    addresses,
    encode,
    encode_arguments,
)
from tests.support.stalwart_oracle import InvalidHeaderError, StalwartView, read_as_stalwart


def unmapped(host: str) -> str:
    address = ip_address(host)
    return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)


@given(encode_arguments)
def test_stalwart_reads_what_we_said(arguments):
    tls = arguments["tls"]
    view = read_as_stalwart(encode(**arguments) + b"EHLO client\r\n")
    assert isinstance(view, StalwartView)
    assert view.source == (unmapped(arguments["source"][0]), arguments["source"][1])
    assert view.is_tls is (tls is not None)
    assert view.version == (tls.version if tls and is_clean_name(tls.version) else "unknown")
    assert view.cipher == (tls.cipher if tls and is_clean_name(tls.cipher) else "unknown")
    assert view.rest == b"EHLO client\r\n"


def test_stalwart_shows_a_real_session():
    view = read_as_stalwart(encode())
    assert view is not None
    assert (view.is_tls, view.version, view.cipher) == (True, TLS.version, TLS.cipher)


def test_stalwart_takes_local_without_waiting_for_more():
    view = read_as_stalwart(encode_local())
    assert view is not None
    assert (view.source, view.is_tls, view.rest) == (None, False, b"")


def test_the_oracle_knows_stalwarts_own_vectors():
    view = read_as_stalwart((VECTORS / "stalwart_tcp4_tlvs.bin").read_bytes())
    assert view == StalwartView(
        source=("127.0.0.1", 12345),
        is_tls=True,
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        rest=b"",
    )
    view = read_as_stalwart((VECTORS / "stalwart_local.bin").read_bytes())
    assert view is not None
    assert (view.source, view.is_tls) == (None, False)


def test_the_oracle_refuses_what_stalwart_refuses():
    data = encode()
    assert read_as_stalwart(data[:-1]) is None
    with pytest.raises(InvalidHeaderError):
        read_as_stalwart(data[:12] + b"\x11" + data[13:])
    with pytest.raises(InvalidHeaderError):
        read_as_stalwart(b"EHLO")


def read_as_aiosmtpd(data: bytes) -> ProxyData:
    async def read() -> ProxyData:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await get_proxy(reader)

    return asyncio.run(read())


@given(encode_arguments)
def test_aiosmtpd_reads_the_same_as_our_decoder(arguments):
    data = encode(**arguments)
    theirs, ours = read_as_aiosmtpd(data), decode(data)
    assert theirs.valid
    assert isinstance(ours, Decoded)
    assert theirs.command == V2_CMD.PROXY
    assert (ip_address(ours.source[0]), ours.source[1]) == (theirs.src_addr, theirs.src_port)
    assert (ip_address(ours.destination[0]), ours.destination[1]) == (
        theirs.dst_addr,
        theirs.dst_port,
    )
    names = {0x01: "ALPN", 0x02: "AUTHORITY", 0x03: "CRC32C", 0x05: "UNIQUE_ID"}
    expected = {names[found]: value for found, value in ours.tlvs if found != PP2_TYPE_SSL}
    if ours.ssl is not None:
        sub_names = {0x21: "VERSION", 0x22: "CN", 0x23: "CIPHER", 0x24: "SIG_ALG", 0x25: "KEY_ALG"}
        expected |= {"SSL": True, "SSL_CLIENT": ours.ssl.client, "SSL_VERIFY": ours.ssl.verify}
        for found, value in ours.ssl.sub_tlvs:
            expected["x26" if found == 0x26 else f"SSL_{sub_names[found]}"] = value
    assert dict(theirs.tlv) == expected


@given(addresses, addresses)
def test_aiosmtpd_reads_our_version_1_line(source, destination):
    theirs = read_as_aiosmtpd(encode_v1(source, destination))
    assert theirs.valid
    assert theirs.family in {AF.INET, AF.INET6}
    assert (unmapped(str(theirs.src_addr)), theirs.src_port) == (unmapped(source[0]), source[1])
    assert theirs.dst_port == destination[1]
