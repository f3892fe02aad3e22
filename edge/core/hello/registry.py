"""IANA's TLS numbers that the edge names: key-exchange groups and the GREASE values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

GREASE: Final = frozenset(0x0A0A + 0x1010 * step for step in range(16))
"""Values a client sends only to keep servers tolerant (RFC 8701 section 2), the 16-bit ones."""

_GROUPS: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x0016: "secp256k1",
        0x0017: "secp256r1",
        0x0018: "secp384r1",
        0x0019: "secp521r1",
        0x001A: "brainpoolP256r1",
        0x001B: "brainpoolP384r1",
        0x001C: "brainpoolP512r1",
        0x001D: "x25519",
        0x001E: "x448",
        0x001F: "brainpoolP256r1tls13",
        0x0020: "brainpoolP384r1tls13",
        0x0021: "brainpoolP512r1tls13",
        0x0029: "curveSM2",
        0x0100: "ffdhe2048",
        0x0101: "ffdhe3072",
        0x0102: "ffdhe4096",
        0x0103: "ffdhe6144",
        0x0104: "ffdhe8192",
        0x0200: "MLKEM512",
        0x0201: "MLKEM768",
        0x0202: "MLKEM1024",
        0x11EB: "SecP256r1MLKEM768",
        0x11EC: "X25519MLKEM768",
        0x11ED: "SecP384r1MLKEM1024",
        0x11EE: "curveSM2MLKEM768",
        0x6399: "X25519Kyber768Draft00",
        0x639A: "SecP256r1Kyber768Draft00",
    }
)

_POST_QUANTUM: Final = frozenset(
    {0x0200, 0x0201, 0x0202, 0x11EB, 0x11EC, 0x11ED, 0x11EE, 0x6399, 0x639A}
)


def group_name(group: int) -> str:
    """Return a group's name in the TLS Supported Groups registry, else `0x` and four digits."""
    return _GROUPS.get(group) or f"0x{group:04x}"


def is_post_quantum(group: int) -> bool:
    """Whether the group's secret also rests on ML-KEM or its draft, alone or as a hybrid."""
    return group in _POST_QUANTUM


def is_grease(value: int) -> bool:
    """Whether a cipher suite, extension type, group, version or scheme is a GREASE value."""
    return value in GREASE
