"""IP addresses as text and as the bytes of a header; the families of a pair made equal.

There is no inet_pton here (that is the socket module), and `ipaddress` costs several
microseconds, so dotted IPv4 has a path of its own.
"""

from ipaddress import IPv6Address
from struct import Struct
from typing import Final

_MAPPED_PREFIX: Final = bytes(10) + b"\xff\xff"
_GROUPS = Struct("!8H")
_OCTETS: Final = {str(number): number for number in range(256)}


def pack_v4(host: str) -> bytes | None:
    """Four bytes for a canonical dotted address, None for anything else.

    By a table and not by `int()`, which takes " 1", "+1", "01" and other scripts' digits.
    """
    try:
        first, second, third, fourth = host.split(".")
        return bytes((_OCTETS[first], _OCTETS[second], _OCTETS[third], _OCTETS[fourth]))
    except (KeyError, ValueError):
        return None


def pack_v6(host: str) -> bytes:
    """Sixteen bytes for an IPv6 address, a zone ("%eth0") left out. Raises ValueError."""
    return IPv6Address(host).packed


def pack_host(host: str) -> bytes:
    """Four bytes for IPv4 and v4-mapped IPv6, else sixteen. Raises ValueError if not an IP.

    Some receivers take a v4-mapped address for another client than the IPv4 one.
    """
    packed = pack_v4(host.removeprefix("::ffff:"))
    if packed is None:
        packed = pack_v6(host)
        if packed.startswith(_MAPPED_PREFIX):
            packed = packed[12:]
    return packed


def same_family(source: bytes, destination: bytes) -> tuple[bytes, bytes]:
    """Both as IPv4, or else both as IPv6: a header has one family for its two addresses."""
    if len(source) == len(destination):
        return source, destination
    return _as_v6(source), _as_v6(destination)


def unpack_host(packed: bytes) -> str:
    """The text of 4 or 16 bytes as inet_ntop writes it, v4-mapped addresses as `::ffff:1.2.3.4`."""
    if len(packed) == 4:
        return _dotted(packed)
    if packed.startswith(_MAPPED_PREFIX):
        return f"::ffff:{_dotted(packed[12:])}"
    return str(IPv6Address(packed))


def unpack_groups(packed: bytes) -> str:
    """The text of 4 or 16 bytes for a v1 line, IPv6 as eight hexadecimal groups.

    The specification's v1 grammar has no dotted quad inside IPv6, which `str` of a v4-mapped
    address would give from Python 3.13 on.
    """
    if len(packed) == 4:
        return _dotted(packed)
    return ":".join(f"{group:x}" for group in _GROUPS.unpack(packed))


def _as_v6(packed: bytes) -> bytes:
    return packed if len(packed) == 16 else _MAPPED_PREFIX + packed


def _dotted(packed: bytes) -> str:
    return f"{packed[0]}.{packed[1]}.{packed[2]}.{packed[3]}"
