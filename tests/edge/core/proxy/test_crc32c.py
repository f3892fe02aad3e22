"""The checksum: published vectors, and equality with the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.proxy.crc32c import crc32c
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
    assert crc32c(data) == expected


@given(st.binary(max_size=536))
def test_equals_the_definition(data):
    assert crc32c(data) == bitwise_crc32c(data)


def test_more_than_a_header_is_a_programmers_error():
    assert crc32c(bytes(536)) == bitwise_crc32c(bytes(536))
    with pytest.raises(ValueError, match="536"):
        crc32c(bytes(537))
