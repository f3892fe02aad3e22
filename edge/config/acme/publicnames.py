"""What public CAs sign (CA/Browser Forum Baseline Requirements): names that the world can look up.

A CA of one's own signs what it likes, so it takes the directory's host to judge.
"""

from typing import Final

import certs
from edge.config.addresses import is_ip, is_public_ip, parse_https

LETS_ENCRYPT_HOSTS: Final = frozenset(
    {"acme-v02.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"}
)
_PUBLIC_CA_HOSTS: Final = LETS_ENCRYPT_HOSTS | {
    "acme.zerossl.com",
    "dv.acme-v02.api.pki.goog",
    "dv.acme-v02.test-api.pki.goog",
    "acme.ssl.com",
    "acme-api.actalis.com",
    "acme.sectigo.com",
    "acme.digicert.com",
}
_PRIVATE_ENDINGS: Final = frozenset(
    # RFC 6761, RFC 6762, RFC 8375, ICANN's reservation of .internal, and what routers make up.
    {
        *("local", "localhost", "internal", "test", "invalid", "example", "onion", "alt", "arpa"),
        *("lan", "home", "corp", "localdomain", "intranet", "private"),
    }
)


def is_public_ca(issuer: certs.Issuer) -> bool:
    """Whether the issuer is known to be bound by the Baseline Requirements."""
    return parse_https(issuer.directory) in _PUBLIC_CA_HOSTS


def is_lets_encrypt(issuer: certs.Issuer) -> bool:
    """Whether what Let's Encrypt documents holds for this issuer."""
    return parse_https(issuer.directory) in LETS_ENCRYPT_HOSTS


def why_not_public(name: str) -> str | None:
    """Why no public CA signs a name, in words; None when nothing is known against it."""
    if is_ip(name):
        return None if is_public_ip(name) else "is not an address that the world can reach"
    host = name.removeprefix("*.")
    if "." not in host:
        return "is a whole top-level domain" if host != name else "has no dot"
    ending = host.rpartition(".")[2].lower()
    return f"ends in .{ending}, which nobody owns" if ending in _PRIVATE_ENDINGS else None
