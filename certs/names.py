"""Which names a certificate answers for: exact, or one label under a wildcard (RFC 9525)."""

import ipaddress
from collections.abc import Iterable


def canonical_name(name: str) -> str:
    """A DNS name in lower case, an IP address as Python writes it."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()


def wildcard_of(name: str) -> str:
    """`*.example.org` for `mail.example.org`: the only wildcard that can cover it."""
    _, dot, parent = name.partition(".")
    return f"*{dot}{parent}"


def is_covered(name: str, names: Iterable[str]) -> bool:
    """Whether `name`, itself perhaps a wildcard, is among `names` or under one of their wildcards.

    A wildcard stands for exactly one label, and only for the leftmost (RFC 9525 section 6.3).
    """
    known = {canonical_name(known) for known in names}
    name = canonical_name(name)
    return name in known or (not name.startswith("*.") and wildcard_of(name) in known)
