"""Which addresses a CA may send us to."""

import ipaddress
from urllib.parse import urlsplit

from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import plain_text, protocol_problem


def check_address(url: str, *, is_loopback_http_allowed: bool) -> None:
    """Refuse everything but https (RFC 8555 section 6.1). Raises AcmeProblem.

    Plain http to this very host is for test CAs, and has to be allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused("not an address", url) from None
    if not host or parts.username is not None or not url.isascii() or not url.isprintable():
        raise _refused("not an address", url)
    is_local = parts.scheme == "http" and is_loopback_http_allowed and _is_loopback(host)
    if parts.scheme != "https" and not is_local:
        raise _refused("not an https address", url)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(why: str, url: str) -> AcmeProblem:
    return protocol_problem(f"{plain_text(url, 200)}: {why}", url=url, kind=Kind.CONFIGURATION)
