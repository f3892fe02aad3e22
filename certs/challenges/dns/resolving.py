"""Questions to recursive resolvers: where a challenge belongs, and who answers for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from certs.challenges.solver import PathError
from certs.challenges.words import printable

DNS_PORT: Final = 53
QUERY_DEADLINE_S: Final = 10.0
_MAX_CNAMES: Final = 10
_REMEDY_RESOLVER: Final = "Look whether the resolver works, or name others in acme.dns.resolvers."


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """One authoritative server: its name and all of its addresses (none: it does not resolve)."""

    name: str
    addresses: tuple[str, ...]


class Resolving:
    """A stub resolver without a cache. All methods raise PathError."""

    def __init__(
        self,
        *,
        resolvers: Sequence[str] = (),
        port: int = DNS_PORT,
        query_deadline_s: float = QUERY_DEADLINE_S,
    ) -> None:
        """`resolvers` are IP addresses; none: those of /etc/resolv.conf, read at each question."""
        self._resolvers = list(resolvers)
        self._port = port
        self._query_deadline_s = query_deadline_s

    async def follow(self, name: str) -> str:
        """The name at the end of the CNAMEs from `name`, absolute: itself when there is none."""
        current = _name(name)
        seen = [current]
        while True:
            answer = await self._resolve(current, dns.rdatatype.CNAME)
            if answer is None:
                return current.to_text()
            current = answer[0].target
            if current in seen:
                raise PathError(
                    f"the CNAME records of {name} go round in a circle",
                    remedy="Let them end at a name for TXT records.",
                )
            if len(seen) > _MAX_CNAMES:
                raise PathError(
                    f"there are more than {_MAX_CNAMES} CNAME records one after another at {name}",
                    remedy="No CA follows so many: point to the last one.",
                )
            seen.append(current)

    async def zone_of(self, name: str) -> str:
        """The zone that `name` is in, absolute, found by its SOA record."""
        resolver = self._resolver()
        wanted = _name(name)
        try:
            zone = await dns.asyncresolver.zone_for_name(
                wanted, resolver=resolver, lifetime=self._query_deadline_s
            )
        except (dns.exception.DNSException, OSError) as error:
            raise _unresolved(f"the zone of {name} cannot be found", error) from error
        if zone == dns.name.root:
            # A resolver that knows nothing of the world, or a name that is in no zone.
            raise PathError(
                f"{name} is in no zone below the root", remedy="Correct the name or its CNAME."
            )
        return zone.to_text()

    async def servers_of(self, zone: str) -> tuple[NameServer, ...]:
        """The zone's authoritative servers, each with its IPv4 and IPv6 addresses."""
        answer = await self._resolve(_name(zone), dns.rdatatype.NS)
        if answer is None:
            raise PathError(
                f"the zone {zone} has no name servers", remedy="Give it NS records at its top."
            )
        names = sorted(record.target for record in answer)
        return tuple([await self._server(name) for name in names])

    async def _server(self, name: dns.name.Name) -> NameServer:
        addresses: list[str] = []
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                answer = await self._resolve(name, kind)
            except PathError:
                continue  # the other family may do; none at all is said by who asks them
            addresses.extend(sorted(record.address for record in answer or ()))
        return NameServer(name=name.to_text(omit_final_dot=True), addresses=tuple(addresses))

    async def _resolve(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> dns.resolver.Answer | None:
        """The answer; None when there is no such record. Raises PathError for no answer at all."""
        resolver = self._resolver()
        try:
            answer = await resolver.resolve(
                name,
                kind,
                lifetime=self._query_deadline_s,
                raise_on_no_answer=False,
                search=False,
            )
        except dns.resolver.NXDOMAIN:
            return None
        except (dns.exception.DNSException, OSError) as error:
            what = f"{name} ({dns.rdatatype.to_text(kind)}) cannot be looked up"
            raise _unresolved(what, error) from error
        return answer if answer.rrset is not None else None

    def _resolver(self) -> dns.asyncresolver.Resolver:
        if not self._resolvers:
            return _made(lambda: dns.asyncresolver.Resolver(configure=True))
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = list(self._resolvers)
        resolver.port = self._port
        return resolver


def _made(make: Callable[[], dns.asyncresolver.Resolver]) -> dns.asyncresolver.Resolver:
    try:
        return make()
    except (dns.exception.DNSException, OSError) as error:
        raise _unresolved("this host has no resolver", error) from error


def _name(text: str) -> dns.name.Name:
    try:
        return dns.name.from_text(text)
    except dns.exception.DNSException as error:
        raise PathError(
            f"{printable(text)} is no name for DNS: {dns_words(error)}", remedy="Correct it."
        ) from error


def _unresolved(what: str, error: Exception) -> PathError:
    return PathError(f"{what}: {dns_words(error)}", remedy=_REMEDY_RESOLVER)


def dns_words(error: Exception) -> str:
    """What dnspython has to say, in one line."""
    return printable(str(error) or type(error).__name__).rstrip(".")
