"""Dynamic update of a zone (RFC 2136), signed with a shared key (TSIG, RFC 8945)."""

import asyncio
import base64
import binascii
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update

from certs.challenges.dns.resolving import DNS_PORT, Resolving, dns_words
from certs.challenges.solver import PathError
from certs.challenges.words import os_words

TTL_S: Final = 60
DEADLINE_S: Final = 20.0
TSIG_ALGORITHMS: Final = ("hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
"""What RFC 8945 section 6 lets one use today."""
_MAX_FILE_BYTES: Final = 4096

_UPDATE_REMEDIES: Final = {
    dns.rcode.REFUSED: "Let the key update TXT records of this zone at this server.",
    dns.rcode.NOTAUTH: "Name the primary server of the zone, and the key by the name it knows.",
    dns.rcode.NOTZONE: "Correct acme.dns.zone.",
    dns.rcode.SERVFAIL: "Look into the log of the server.",
}
_REMEDY: Final = "Look into the log of the server, and whether it takes dynamic updates."


@dataclass(frozen=True, slots=True, kw_only=True)
class TsigKey:
    """A shared key. `algorithm` is one of `TSIG_ALGORITHMS`."""

    name: str
    algorithm: str
    secret: bytes = field(repr=False)


def read_tsig_secret(path: Path) -> bytes:
    """The secret from a file that holds its base64 and nothing else. Raises PathError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise PathError(
            f"{path} cannot be read: {os_words(error)}",
            remedy="Correct the path, or let the user of the service read it.",
        ) from error
    try:
        secret = base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error:
        secret = b""
    if not secret:
        raise PathError(
            f"{path} holds no TSIG secret",
            remedy="Put only the base64 text there that stands behind `secret` in the server's "
            "configuration.",
        )
    return secret


class Rfc2136Provider:
    """Sends updates over TCP to one server, the zone's primary."""

    def __init__(
        self,
        *,
        server: str,
        key: TsigKey | None,
        port: int = DNS_PORT,
        zone: str | None = None,
        ttl_s: int = TTL_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`server` is a name or an address; `zone`, when not given, is asked of it (SOA)."""
        self._server = server
        self._port = port
        self._zone = zone
        self._ttl_s = ttl_s
        self._deadline_s = deadline_s
        self._key = None if key is None else _key_of(key)

    async def present(self, fqdn: str, value: str) -> None:
        """Add the value to those at the name."""
        await self._change(fqdn, value, is_added=True)

    async def clean_up(self, fqdn: str, value: str) -> None:
        """Delete this value, whatever else is at the name."""
        await self._change(fqdn, value, is_added=False)

    async def _change(self, fqdn: str, value: str, *, is_added: bool) -> None:
        place = f"the name server {self._server}"
        try:
            async with asyncio.timeout(self._deadline_s):
                addresses = await self._addresses()
                zone = await self._zone_of(fqdn, addresses)
                update = self._update(zone, fqdn, value, is_added=is_added)
                reply = await self._send(update, addresses)
        except TimeoutError:
            raise PathError(
                f"{place} does not answer in {self._deadline_s:g} s",
                remedy="Look whether this host can reach it over TCP.",
            ) from None
        except OSError as error:
            raise PathError(
                f"{place} cannot be reached: {os_words(error)}",
                remedy="Correct acme.dns.server, or start it.",
            ) from error
        except (dns.exception.DNSException, EOFError) as error:
            message, remedy = _tsig_words(error)
            raise PathError(f"{place} {message}", remedy=remedy) from error
        code = reply.rcode()
        if code != dns.rcode.NOERROR:
            raise PathError(
                f"{place} refuses the update of {fqdn} in {zone}: {dns.rcode.to_text(code)}",
                remedy=_UPDATE_REMEDIES.get(code, _REMEDY),
            )

    async def _addresses(self) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._server, self._port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def _zone_of(self, fqdn: str, addresses: list[str]) -> str:
        if self._zone is not None:
            return self._zone
        # Of the server itself: it may be the only one that knows the zone (a hidden primary).
        asking = Resolving(resolvers=addresses, port=self._port, query_deadline_s=self._deadline_s)
        return await asking.zone_of(fqdn)

    def _update(
        self, zone: str, fqdn: str, value: str, *, is_added: bool
    ) -> dns.update.UpdateMessage:
        update = dns.update.UpdateMessage(dns.name.from_text(zone))
        if self._key is not None:
            update.use_tsig(self._key)
        name = dns.name.from_text(fqdn)
        text = f'"{value}"'
        if is_added:
            update.add(name, self._ttl_s, dns.rdatatype.TXT, text)
        else:
            update.delete(name, dns.rdatatype.TXT, text)
        return update

    async def _send(
        self, update: dns.update.UpdateMessage, addresses: list[str]
    ) -> dns.message.Message:
        """To the first address that takes the connection. Raises what the last one did."""
        for address in addresses[:-1]:
            try:
                return await dns.asyncquery.tcp(update, address, port=self._port)
            except OSError:
                continue
        return await dns.asyncquery.tcp(update, addresses[-1], port=self._port)


def _key_of(key: TsigKey) -> dns.tsig.Key:
    return dns.tsig.Key(dns.name.from_text(key.name), key.secret, dns.name.from_text(key.algorithm))


def _tsig_words(error: Exception) -> tuple[str, str]:
    match error:
        case dns.tsig.PeerBadKey():
            return "does not know the TSIG key", "Correct acme.dns' key name and algorithm."
        case dns.tsig.PeerBadSignature() | dns.tsig.BadSignature():
            return "has another secret for this TSIG key", "Correct the secret or the algorithm."
        case dns.tsig.PeerBadTime() | dns.tsig.BadTime():
            return "has another time than this host", "Set both clocks (NTP)."
        case dns.message.UnknownTSIGKey() | dns.tsig.PeerError():
            return f"refuses the TSIG key: {dns_words(error)}", _REMEDY
        case dns.exception.FormError() if "TSIG" in str(error):
            # So refuse servers that know neither the zone nor what to sign with.
            return (
                "refuses the update, in an answer without signature",
                _UPDATE_REMEDIES[dns.rcode.NOTAUTH],
            )
        case _:
            return f"does not answer as DNS does: {dns_words(error)}", _REMEDY
