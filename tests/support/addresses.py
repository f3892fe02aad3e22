"""Source addresses by which a test finds its own connections in a log that many write to.

A port alone does not do: the kernel hands it out again to the next test.
"""

import ipaddress
import secrets

Address = tuple[str, int]
"""IP address and port."""


def own_address() -> str:
    """One of four million loopback addresses; nobody else has it."""
    return str(ipaddress.IPv4Address("127.64.0.1") + secrets.randbelow(1 << 22))
