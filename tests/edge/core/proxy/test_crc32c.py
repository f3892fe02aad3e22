"""The checksum: published vectors, and equality with the definition."""

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.handmade_headers import bitwise_crc32c

ISCSI_READ = bytes.fromhex(
    "01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018 28000000 00000000"
    "02000000 00000000"
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (ISCSI_READ, 0xD9963A56),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
    ids=["zeros", "ones", "rising", "falling", "iscsi-read", "check", "empty"],
)
def test_published_vectors(data, expected):
    assert google_crc32c.value(data) == expected


@given(st.binary(max_size=536))
def test_equals_the_definition(data):
    assert google_crc32c.value(data) == bitwise_crc32c(data)


def test_it_is_the_compiled_one():
    """There is a fallback in Python, 30 us a header: nobody would notice but the clients."""
    assert google_crc32c.implementation == "c"
