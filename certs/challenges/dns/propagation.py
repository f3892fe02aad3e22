"""Whether the world can see a TXT value: asked at every address of every authoritative server.

A CA asks any of them, from several places. One secondary that still has the old zone is enough to
fail, so none is left out. A server that says nothing at all cannot mislead the CA either: after
a few rounds of silence it is left to the CA, as long as all others have the value.
"""

import asyncio
import errno
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, assert_never

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from certs.challenges.dns.resolving import DNS_PORT, NameServer, Resolving, dns_words
from certs.challenges.solver import PathError
from certs.challenges.words import os_words

DEADLINE_S: Final = 300.0
INTERVAL_S: Final = 2.0
ASK_DEADLINE_S: Final = 4.0
SILENT_ROUNDS: Final = 3
"""How often a silent server is asked before it is left out."""
_MAX_AT_ONCE: Final = 16
_EDNS_BYTES: Final = 1232
_NO_ROUTE: Final = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
)


class Sight(Enum):
    """What one address of a server says."""

    VISIBLE = auto()
    STALE = auto()
    """It answers for the zone, without the value."""
    SILENT = auto()
    """No answer, or none that counts: not its zone, an error."""
    UNREACHABLE = auto()
    """Not from this host, which has no route to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One address of a server, asked once. `words` go after its name."""

    server: str
    address: str
    sight: Sight
    words: str

    def __str__(self) -> str:
        return f"{self.server} ({self.address}) {self.words}"


class Propagation:
    """Asks until all agree. One instance serves any number of waits at once."""

    def __init__(
        self,
        *,
        resolving: Resolving,
        port: int = DNS_PORT,
        deadline_s: float = DEADLINE_S,
        interval_s: float = INTERVAL_S,
        ask_deadline_s: float = ASK_DEADLINE_S,
        settle_s: float = 0.0,
    ) -> None:
        """`port` is the authoritative servers'. `settle_s` is waited after all have agreed: for
        servers behind one address of which only one answers."""
        self._resolving = resolving
        self._port = port
        self._deadline_s = deadline_s
        self._interval_s = interval_s
        self._ask_deadline_s = ask_deadline_s
        self._settle_s = settle_s

    async def wait_until_visible(self, fqdn: str, value: str) -> None:
        """Return once every authoritative server shows the value. Raises PathError."""
        zone = await self._resolving.zone_of(fqdn)
        servers = await self._resolving.servers_of(zone)
        seen: list[Sighting] = []
        try:
            async with asyncio.timeout(self._deadline_s):
                for rounds in range(1, 1 << 32):
                    seen = await self._look(servers, fqdn, value)
                    if _is_settled(seen, rounds):
                        break
                    await asyncio.sleep(self._interval_s)
        except TimeoutError:
            raise self._late(fqdn, zone, seen) from None
        await asyncio.sleep(self._settle_s)

    async def _look(self, servers: Sequence[NameServer], fqdn: str, value: str) -> list[Sighting]:
        """Ask every address once, all at the same time; in the order of the servers."""
        limit = asyncio.Semaphore(_MAX_AT_ONCE)

        async def ask(server: NameServer, address: str) -> Sighting:
            async with limit:
                return await self._ask(server.name, address, fqdn, value)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(one, at)) for one in servers for at in one.addresses]
        unknown = [
            Sighting(
                server=server.name, address="-", sight=Sight.SILENT, words="has no address in DNS"
            )
            for server in servers
            if not server.addresses
        ]
        return [task.result() for task in tasks] + unknown

    async def _ask(self, server: str, address: str, fqdn: str, value: str) -> Sighting:
        query = dns.message.make_query(
            fqdn, dns.rdatatype.TXT, use_edns=0, payload=_EDNS_BYTES, flags=0
        )
        try:
            reply = await self._exchange(query, address)
        except dns.exception.Timeout:
            sight, words = Sight.SILENT, "does not answer"
        except OSError as error:
            is_here = error.errno in _NO_ROUTE
            sight = Sight.UNREACHABLE if is_here else Sight.SILENT
            words = f"cannot be reached: {os_words(error)}"
        except (dns.exception.DNSException, EOFError) as error:
            sight, words = Sight.SILENT, f"answers with what is no DNS: {dns_words(error)}"
        else:
            sight, words = _judge(reply, value)
        return Sighting(server=server, address=address, sight=sight, words=words)

    async def _exchange(self, query: dns.message.QueryMessage, address: str) -> dns.message.Message:
        """Over UDP; over TCP when the answer is too long or UDP does not come through."""
        try:
            reply, _ = await dns.asyncquery.udp_with_fallback(
                query, address, timeout=self._ask_deadline_s, port=self._port
            )
        except dns.exception.Timeout:
            return await dns.asyncquery.tcp(
                query, address, timeout=self._ask_deadline_s, port=self._port
            )
        return reply

    def _late(self, fqdn: str, zone: str, seen: Sequence[Sighting]) -> PathError:
        name = fqdn.rstrip(".")
        stale = [str(one) for one in seen if one.sight is Sight.STALE]
        if stale:
            return PathError(
                f"{self._deadline_s:g} s after the change, the TXT record of {name} is not at all "
                f"name servers of {zone}: {'; '.join(stale)}",
                remedy="Look whether these servers get the zone's changes (NOTIFY, transfers).",
            )
        others = "; ".join(map(str, seen)) or "none of them answered"
        return PathError(
            f"no name server of {zone} shows the TXT record of {name}: {others}",
            remedy="Look whether this host can reach them at port 53, UDP and TCP.",
        )


def _is_settled(seen: Sequence[Sighting], rounds: int) -> bool:
    """Whether the CA may be told: somebody has the value, and nobody answers without it."""
    is_seen = False
    for one in seen:
        match one.sight:
            case Sight.VISIBLE:
                is_seen = True
            case Sight.STALE:
                return False
            case Sight.SILENT:
                if rounds < SILENT_ROUNDS:
                    return False
            case Sight.UNREACHABLE:
                pass
            case _:
                assert_never(one.sight)
    return is_seen


def _judge(reply: dns.message.Message, value: str) -> tuple[Sight, str]:
    wanted = value.encode("ascii")
    values = [
        b"".join(record.strings)
        for rrset in reply.answer
        if rrset.rdtype == dns.rdatatype.TXT
        for record in rrset
    ]
    if wanted in values:
        return Sight.VISIBLE, "has it"
    code = reply.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return Sight.SILENT, f"answers {dns.rcode.to_text(code)}"
    if not reply.flags & dns.flags.AA:
        return Sight.SILENT, "does not answer for this zone"
    if values:
        return Sight.STALE, f"still answers without it ({len(values)} other)"
    return Sight.STALE, "still answers that there is no TXT record"
