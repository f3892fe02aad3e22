"""The few things the edge does to sockets beyond reading and writing."""

import socket
import struct

from edge.config.tree import TcpAddress

BACKLOG = 4096

_RESET = struct.pack("ii", 1, 0)


class _Listening(socket.socket):
    """Of streams. `accept` asks for the type each time, which `socket` turns from a number."""

    type = socket.SOCK_STREAM


class _Listening4(_Listening):
    family = socket.AF_INET


class _Listening6(_Listening):
    family = socket.AF_INET6


def bind(address: TcpAddress) -> socket.socket:
    """A listening socket, non-blocking. Raises OSError.

    `[::]` takes IPv6 alone, so that `0.0.0.0` beside it can be bound too and no client address
    ever comes as a v4-mapped one.
    """
    is_v6 = ":" in address.host
    sock = _Listening6(socket.AF_INET6) if is_v6 else _Listening4(socket.AF_INET)
    try:
        if is_v6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it on Linux: one system call less for each connection.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((address.host, address.port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def reset(sock: socket.socket) -> None:
    """Close with RST, so that the peer cannot take what came so far for all there was."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    sock.close()
