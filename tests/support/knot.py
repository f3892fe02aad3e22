"""Two authoritative servers (Knot DNS), one the primary and one its secondary, for two zones."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype

from tests.support.addresses import own_address
from tests.support.daemon import Daemon
from tests.support.ports import Ports, has_ipv6
from tests.support.tools import program, run

ZONE = "example.test"
OTHER_ZONE = "validation.test"
"""Where the CNAME `_acme-challenge.alias.example.test` leads."""

KEY_NAME = "edge-key"
KEY_ALGORITHM = "hmac-sha256"

_TOP = """
$TTL 3600
@ SOA ns1.{ZONE}. hostmaster.{ZONE}. 1 86400 3600 604800 60
@ NS ns1.{ZONE}.
@ NS ns2.{ZONE}.
"""
_CHAIN = "\n".join(f"chain{n} CNAME chain{n + 1}" for n in range(12))
_RECORDS = f"""
_acme-challenge.alias CNAME alias.hop
alias.hop CNAME alias.{OTHER_ZONE}.
_acme-challenge.circle CNAME circle.hop
circle.hop CNAME _acme-challenge.circle
_acme-challenge.odd CNAME \\$\\(id\\).hop
{_CHAIN}
"""

_CONFIG = """
server:
    rundir: "{directory}"
    listen: [ {listen} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{directory}"
log:
  - target: stdout
    any: info
key:
  - id: {KEY_NAME}
    algorithm: {KEY_ALGORITHM}
    secret: {secret}
remote:
  - id: peer
    address: {peer}
acl:
  - id: loopback
    address: [ 127.0.0.0/8 ]
    action: [ transfer, notify ]
  - id: updates
    key: {KEY_NAME}
    action: update
    update-type: [ TXT ]
template:
  - id: default
    storage: "{directory}"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    acl: [ loopback, updates ]
    {role}: peer
zone:
  - domain: {ZONE}
  - domain: {OTHER_ZONE}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """One server."""

    address: str
    port: int
    config: Path
    daemon: Daemon

    def texts(self, name: str) -> set[str]:
        """The TXT values it has at a name."""
        query = dns.message.make_query(name, dns.rdatatype.TXT)
        reply, _ = dns.query.udp_with_fallback(query, self.address, 5, self.port)
        return {b"".join(record.strings).decode() for rrset in reply.answer for record in rrset}

    def control(self, *command: str) -> None:
        """Tell it something, and wait until that is done."""
        finished = run("knotc", "-c", str(self.config), "--blocking", *command)
        assert finished.status == 0, finished.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Knots:
    """Both servers. The secondary has an IPv6 address, too, where the machine has one."""

    primary: Knot
    secondary: Knot
    secret: bytes

    @property
    def port(self) -> int:
        return self.primary.port


@contextmanager
def running_knots(directory: Path, ports: Ports) -> Iterator[Knots]:
    """Start the primary and then the secondary; both have both zones."""
    executable = program("knotd")
    program("knotc")
    port = ports.take()
    first, second = own_address(), own_address()
    secret = os.urandom(32)

    def start(role: str, address: str, peer: str) -> Knot:
        place = directory / role
        place.mkdir(parents=True)
        listen = f"{address}@{port}"
        if role == "master" and has_ipv6():
            listen += f", ::1@{port}"
        config = place / "knot.conf"
        config.write_text(
            _CONFIG.format(
                **globals(),
                directory=place,
                listen=listen,
                peer=f"{peer}@{port}",
                role=role,
                secret=base64.b64encode(secret).decode(),
            )
        )
        if role == "notify":
            _write_zones(place, first, second)
        daemon = Daemon(f"knot {role}", [executable, "-c", config])
        return Knot(address=address, port=port, config=config, daemon=daemon)

    primary = start("notify", first, second)
    try:
        for zone in (ZONE, OTHER_ZONE):
            primary.daemon.wait_for_line(f"[{zone}.] loaded")
        secondary = start("master", second, first)
        try:
            for zone in (ZONE, OTHER_ZONE):
                secondary.daemon.lines.wait_for(
                    lambda line, zone=zone: f"[{zone}.]" in line and "zone updated" in line,
                    f"the transfer of {zone}",
                )
            yield Knots(primary=primary, secondary=secondary, secret=secret)
        finally:
            secondary.daemon.stop()
    finally:
        primary.daemon.stop()


def _write_zones(place: Path, first: str, second: str) -> None:
    addresses = f"ns1 A {first}\nns2 A {second}\n"
    if has_ipv6():
        addresses += "ns2 AAAA ::1\n"
    top = _TOP.format(ZONE=ZONE)
    (place / f"{ZONE}.zone").write_text(top + addresses + _RECORDS)
    (place / f"{OTHER_ZONE}.zone").write_text(top)
