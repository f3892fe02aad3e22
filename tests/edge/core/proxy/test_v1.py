"""The version 1 line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.proxy.decode import Decoded, decode
from edge.core.proxy.v1 import encode_v1


@pytest.mark.parametrize(
    ("source", "destination", "line"),
    [
        (
            ("203.0.113.77", 50000),
            ("192.0.2.10", 25),
            b"PROXY TCP4 203.0.113.77 192.0.2.10 50000 25\r\n",
        ),
        (
            ("::ffff:203.0.113.77", 1),
            ("::ffff:192.0.2.10", 25),
            b"PROXY TCP4 203.0.113.77 192.0.2.10 1 25\r\n",
        ),
        (
            ("2001:db8::77", 50000),
            ("fe80::1%eth0", 25),
            b"PROXY TCP6 2001:db8:0:0:0:0:0:77 fe80:0:0:0:0:0:0:1 50000 25\r\n",
        ),
        (
            ("203.0.113.77", 50000),
            ("2001:db8::1", 25),
            b"PROXY TCP6 0:0:0:0:0:ffff:cb00:714d 2001:db8:0:0:0:0:0:1 50000 25\r\n",
        ),
    ],
    ids=["v4", "v4-mapped", "v6", "mixed"],
)
def test_lines(source, destination, line):
    assert encode_v1(source, destination) == line


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        (("mail.example.org", 1), ("192.0.2.10", 25), "mail.example.org"),
        (("192.0.2.10", 1), ("", 25), "empty"),
        (("192.0.2.10", -1), ("192.0.2.10", 25), "port"),
        (("192.0.2.10", 1), ("192.0.2.10", 65536), "port"),
    ],
)
def test_programmers_errors(source, destination, message):
    with pytest.raises(ValueError, match=message):
        encode_v1(source, destination)


hosts = st.ip_addresses().map(str)
ports = st.integers(0, 65535)


@given(hosts, ports, hosts, ports)
def test_every_line_is_short_enough_and_reads_back(source, source_port, destination, port):
    line = encode_v1((source, source_port), (destination, port))
    decoded = decode(line)
    assert len(line) <= 107
    assert isinstance(decoded, Decoded)
    assert decoded.source is not None
    assert decoded.destination is not None
    # What goes in once more comes out the same: nothing was lost.
    assert encode_v1(decoded.source, decoded.destination) == line
    assert (decoded.source[1], decoded.destination[1]) == (source_port, port)
