"""Addresses to listen on and servers to connect to, as an operator writes them."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from edge.config.tree import TcpAddress, UnixAddress
from edge.core.proxy.tlv import is_dns_name

_UNIX_PREFIX: Final = "unix:"
MAX_UNIX_PATH: Final = 107
"""`sun_path` of Linux has 108 bytes, the last one NUL."""
_HOST_AND_PORT: Final = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<host>[^\[\]:]*)):(?P<port>[^:]*)")


def parse_bind(text: str) -> TcpAddress:
    """Read `192.0.2.1:25` or `[::]:25`. Raises ValueError with what is wrong."""
    host, port = _split(text)
    address = _ip(host)
    if address is None:
        raise ValueError(f"`{host}` is not an IP address" if host else "the IP address is missing")
    return TcpAddress(host=str(address), port=port)


def parse_server(text: str) -> TcpAddress | UnixAddress:
    """Read `host:port`, `[v6]:port` or `unix:/path`. Raises ValueError with what is wrong."""
    if text.startswith(_UNIX_PREFIX):
        path = text.removeprefix(_UNIX_PREFIX)
        if not path.startswith("/"):
            raise ValueError("the path of a unix socket begins with /")
        if len(path.encode()) > MAX_UNIX_PATH:
            raise ValueError(f"the path of a unix socket has at most {MAX_UNIX_PATH} bytes")
        return UnixAddress(path=path)
    host, port = _split(text)
    address = _ip(host)
    if address is None and not is_dns_name(host):
        raise ValueError(f"`{host}` is not a host" if host else "the host is missing")
    return TcpAddress(host=host.lower() if address is None else str(address), port=port)


def parse_host(text: str) -> str:
    """Read a DNS name or an IP address without brackets. Raises ValueError with what is wrong."""
    address = _ip(text)
    if address is None and not is_dns_name(text):
        raise ValueError("neither a DNS name nor an IP address")
    return text.lower() if address is None else str(address)


def parse_ip(text: str) -> str:
    """Read an IP address without brackets. Raises ValueError with what is wrong."""
    address = _ip(text)
    if address is None:
        raise ValueError("not an IP address")
    return str(address)


def parse_https(text: str) -> str:
    """Read an https address and return its host. Raises ValueError with what is wrong."""
    parts = urlsplit(text)
    if parts.scheme != "https":
        raise ValueError("only https is safe here")
    host, _ = parts.hostname or "", parts.port  # a port that is none raises ValueError
    if not is_dns_name(host) and not is_ip(host):
        raise ValueError(f"`{host}` is not a host" if host else "the host is missing")
    if parts.username is not None or parts.fragment or " " in text:
        raise ValueError("an address of a directory has no user, fragment or space")
    return host


def is_local(server: TcpAddress | UnixAddress) -> bool:
    """Whether what is sent there cannot leave this host."""
    match server:
        case UnixAddress() | TcpAddress(host="localhost"):
            return True
        case TcpAddress(host=host):
            address = _ip(host)
            return address is not None and _unmapped(address).is_loopback


def is_public_ip(text: str) -> bool:
    """Whether it is an IP address that the world can reach: not private, not reserved."""
    address = _ip(text)
    return address is not None and _unmapped(address).is_global


def is_ip(text: str) -> bool:
    """Whether it is an IP address, without a zone."""
    return _ip(text) is not None


def covers(bind: TcpAddress, other: TcpAddress) -> bool:
    """Whether a socket listening on `bind` stands in the way of one on `other`.

    Linux refuses the second of a wildcard and a specific address of one port. `::` is bound for
    IPv6 alone, so it is not in the way of IPv4.
    """
    if bind.port != other.port:
        return False
    first, second = _ip(bind.host), _ip("127.0.0.1" if other.host == "localhost" else other.host)
    if first is None or second is None or first.version != second.version:
        return False
    return first == second or first.is_unspecified


def _split(text: str) -> tuple[str, int]:
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        if text.count(":") > 1 and "[" not in text:
            raise ValueError("an IPv6 address needs brackets")
        raise ValueError("the port is missing")
    host, port = match["v6"], match["port"]
    if host is not None and not isinstance(_ip(host), ipaddress.IPv6Address):
        raise ValueError(f"`{host}` is not an IPv6 address")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError(f"`{port}` is not a port from 1 to 65535")
    return host or match["host"] or "", int(port)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # A zone names an interface of today's boot: nothing to build a configuration on.
    return None if getattr(address, "scope_id", None) else address


def _unmapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address
