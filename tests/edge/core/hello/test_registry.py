"""The names of groups, and which of them survive a quantum computer."""

import pytest

from edge.core.hello.registry import GREASE, group_name, is_grease, is_post_quantum

NAMES = [
    (0x0017, "secp256r1", False),
    (0x0018, "secp384r1", False),
    (0x0019, "secp521r1", False),
    (0x001D, "x25519", False),
    (0x001E, "x448", False),
    (0x0100, "ffdhe2048", False),
    (0x0104, "ffdhe8192", False),
    (0x0201, "MLKEM768", True),
    (0x11EB, "SecP256r1MLKEM768", True),
    (0x11EC, "X25519MLKEM768", True),
    (0x11ED, "SecP384r1MLKEM1024", True),
    (0x6399, "X25519Kyber768Draft00", True),
    (0x0000, "0x0000", False),
    (0xABCD, "0xabcd", False),
]


@pytest.mark.parametrize(("group", "name", "post_quantum"), NAMES)
def test_a_group_has_a_name(group: int, name: str, post_quantum: bool) -> None:
    assert group_name(group) == name
    assert is_post_quantum(group) is post_quantum


def test_every_group_named_after_ml_kem_is_post_quantum_and_no_other() -> None:
    for group in range(0x10000):
        hints = any(hint in group_name(group) for hint in ("MLKEM", "Kyber"))
        assert is_post_quantum(group) is hints


def test_grease_is_two_equal_bytes_that_end_in_a() -> None:
    """RFC 8701 section 2."""
    expected = {value for value in range(0x10000) if f"{value:04x}" == f"{value >> 12:x}a" * 2}
    assert len(expected) == 16
    assert expected == GREASE == {value for value in range(0x10000) if is_grease(value)}
