"""Text to bytes and back, and the one family of a pair."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.proxy.addresses import pack_host, same_family, unpack_groups, unpack_host

MAPPED = bytes(10) + b"\xff\xff"


@pytest.mark.parametrize(
    ("host", "packed"),
    [
        ("127.0.0.1", bytes([127, 0, 0, 1])),
        ("255.255.255.255", b"\xff" * 4),
        ("::ffff:192.0.2.1", bytes([192, 0, 2, 1])),
        ("::FFFF:192.0.2.1", bytes([192, 0, 2, 1])),
        ("::ffff:c000:201", bytes([192, 0, 2, 1])),
        ("0:0:0:0:0:ffff:192.0.2.1", bytes([192, 0, 2, 1])),
        ("::", bytes(16)),
        ("::192.0.2.1", bytes(12) + bytes([192, 0, 2, 1])),
        ("fe80::1%eth0", b"\xfe\x80" + bytes(13) + b"\x01"),
    ],
)
def test_pack(host, packed):
    assert pack_host(host) == packed


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.-4",
        "1.2.3.+4",
        "1.2.3.04",
        "1.2.3. 4",
        "1.2.3.4\n",
        "1.2.3.1_0",
        "1.2.3.٤",
        "1.2.3.4%eth0",
        "::ffff:1.2.3.04",
        "::g",
        "/run/backend.sock",
        "[::1]",
    ],
)
def test_what_is_no_ip_address_is_refused(host):
    with pytest.raises(AddressValueError):
        pack_host(host)


@given(st.ip_addresses(v=4))
def test_v4_round_trip(address: IPv4Address):
    assert pack_host(str(address)) == address.packed
    assert unpack_host(address.packed) == unpack_groups(address.packed) == str(address)


@given(st.ip_addresses(v=6))
def test_v6_round_trip(address: IPv6Address):
    assert IPv6Address(unpack_host(address.packed)) == address
    assert IPv6Address(unpack_groups(address.packed)) == address


def test_mapped_addresses_read_the_same_on_every_python():
    packed = MAPPED + bytes([192, 0, 2, 1])
    assert unpack_host(packed) == "::ffff:192.0.2.1"
    assert unpack_groups(packed) == "0:0:0:0:0:ffff:c000:201"


def test_one_family_for_both():
    v4, v6 = bytes([192, 0, 2, 1]), b"\x20\x01" + bytes(14)
    assert same_family(v4, v4) == (v4, v4)
    assert same_family(v6, v6) == (v6, v6)
    assert same_family(v4, v6) == (MAPPED + v4, v6)
    assert same_family(v6, v4) == (v6, MAPPED + v4)
