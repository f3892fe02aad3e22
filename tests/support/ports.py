"""Free TCP ports below the kernel's ephemeral range, one disjoint slice for each xdist worker.

Ephemeral ports start at 32768: a connection of another test may hold any of them, so that a
server could not bind it.
"""

import os
import socket
from contextlib import suppress

FIRST_PORT = 12_000
SLICE_PORTS = 2_000
SLICES = 10


class Ports:
    """Hands out each port of its slice at most once in a process."""

    def __init__(self, worker: str) -> None:
        """`worker` is the xdist worker's name, `gw0` and so on, or anything else without xdist."""
        number = int(worker[2:]) if worker.startswith("gw") and worker[2:].isdigit() else SLICES - 1
        self._first = FIRST_PORT + (number % SLICES) * SLICE_PORTS
        # Two test runs beside each other start at different places of the same slice.
        self._next = os.getpid() * 61 % SLICE_PORTS
        self._left = SLICE_PORTS

    def take(self) -> int:
        """One port that nothing holds on any address, neither IPv4 nor IPv6."""
        while self._left > 0:
            port = self._first + self._next
            self._next = (self._next + 1) % SLICE_PORTS
            self._left -= 1
            if _is_free(port):
                return port
        raise AssertionError(f"no free port from {self._first} on")


def _is_free(port: int) -> bool:
    # Without SO_REUSEADDR, so that a port with connections in TIME_WAIT is left alone as well.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        with suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return _is_free_v6(port)
        return False


def _is_free_v6(port: int) -> bool:
    if not has_ipv6():
        return True
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with suppress(OSError):
            probe.bind(("::", port))
            return True
        return False


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
