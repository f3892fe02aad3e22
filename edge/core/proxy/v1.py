"""PROXY protocol version 1: one line of text, addresses only."""

from edge.core.proxy.addresses import pack_host, same_family, unpack_groups


def encode_v1(source: tuple[str, int], destination: tuple[str, int]) -> bytes:
    """The line `PROXY TCP4 source destination port port` (or TCP6) with its CRLF, in full.

    Never UNKNOWN, which would hide the client. Raises ValueError for what is no IP address or
    no port. Source: the specification, section 2.1.
    """
    packed, packed_destination = same_family(pack_host(source[0]), pack_host(destination[0]))
    if not (0 <= source[1] <= 0xFFFF and 0 <= destination[1] <= 0xFFFF):
        raise ValueError("a port is a number from 0 to 65535")
    family = "TCP4" if len(packed) == 4 else "TCP6"
    hosts = f"{unpack_groups(packed)} {unpack_groups(packed_destination)}"
    return f"PROXY {family} {hosts} {source[1]} {destination[1]}\r\n".encode("ascii")
