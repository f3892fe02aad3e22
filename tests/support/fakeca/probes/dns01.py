"""dns-01 (RFC 8555 section 8.4): TXT records at `_acme-challenge`, CNAMEs followed."""

import hashlib

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from tests.support.fakeca.core import Reach
from tests.support.fakeca.encoding import b64url
from tests.support.fakeca.problems import Problem

_MAX_ALIASES = 8


async def probe(reach: Reach, name: str, token: str, key_authorization: str) -> None:
    assert reach.dns_server is not None, "this CA was given no DNS server"
    wanted = b64url(hashlib.sha256(key_authorization.encode()).digest()).encode()
    owner = dns.name.from_text(f"_acme-challenge.{name}.")
    for _ in range(_MAX_ALIASES):
        values, alias = await _ask(reach.dns_server, owner)
        if wanted in values:
            return
        if alias is None:
            raise Problem("unauthorized", f"dns-01: {len(values)} TXT, none right", status=403)
        owner = alias
    raise Problem("dns", "dns-01: too many aliases")


async def _ask(
    server: tuple[str, int], owner: dns.name.Name
) -> tuple[list[bytes], dns.name.Name | None]:
    """All TXT values in the answer, and where the last alias points."""
    query = dns.message.make_query(owner, "TXT")
    try:
        answer, _ = await dns.asyncquery.udp_with_fallback(
            query, server[0], port=server[1], timeout=5
        )
    except dns.exception.DNSException as error:
        raise Problem("dns", f"dns-01: {type(error).__name__}") from error
    if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        raise Problem("dns", f"dns-01: {dns.rcode.to_text(answer.rcode())}")
    values: list[bytes] = []
    alias: dns.name.Name | None = None
    for rrset in answer.answer:
        if rrset.rdtype == dns.rdatatype.CNAME:
            alias = rrset[0].target
        if rrset.rdtype == dns.rdatatype.TXT:
            values += [b"".join(record.strings) for record in rrset]
    return values, alias
