"""pebble-challtestsrv: a DNS server that says what a test tells it, by default that all is here."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.daemon import Daemon
from tests.support.ports import Ports
from tests.support.tools import program

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallTestSrv:
    """Blocking calls; names are absolute, with a final dot."""

    dns_port: int
    management_port: int

    def set_txt(self, name: str, value: str) -> None:
        """Add one value to those at a name."""
        self._post("/set-txt", host=name, value=value)

    def clear_txt(self, name: str) -> None:
        """Remove all values at a name."""
        self._post("/clear-txt", host=name)

    def set_cname(self, name: str, target: str) -> None:
        self._post("/set-cname", host=name, target=target)

    def add_a(self, name: str, *addresses: str) -> None:
        self._post("/add-a", host=name, addresses=addresses)

    def set_servfail(self, name: str) -> None:
        self._post("/set-servfail", host=name)

    def _post(self, path: str, **body: Any) -> None:
        url = f"http://{ADDRESS}:{self.management_port}{path}"
        urllib.request.urlopen(url, data=json.dumps(body).encode(), timeout=10).close()


@dataclass(slots=True)
class ChallTestSrvProvider:
    """A `certs.challenges.dns.provider.DnsProvider`: several values at one name."""

    server: ChallTestSrv
    values: dict[str, list[str]] = field(default_factory=dict)
    presented: list[str] = field(default_factory=list)
    """Every name that ever got a value."""

    async def present(self, fqdn: str, value: str) -> None:
        self.values.setdefault(fqdn, []).append(value)
        self.presented.append(fqdn)
        self.server.set_txt(fqdn, value)

    async def clean_up(self, fqdn: str, value: str) -> None:
        """The server forgets a whole name only: the others are put back."""
        left = self.values[fqdn]
        left.remove(value)
        self.server.clear_txt(fqdn)
        for other in left:
            self.server.set_txt(fqdn, other)


@contextmanager
def running_challtestsrv(ports: Ports) -> Iterator[ChallTestSrv]:
    """Only its DNS: challenges are answered by what is tested."""
    executable = program("pebble-challtestsrv")
    server = ChallTestSrv(dns_port=ports.take(), management_port=ports.take())
    command = [executable, "-defaultIPv4", ADDRESS, "-defaultIPv6", ""]
    command += ["-http01", "", "-https01", "", "-tlsalpn01", ""]
    command += [_dns_option(executable), f"{ADDRESS}:{server.dns_port}"]
    command += ["-management", f"{ADDRESS}:{server.management_port}"]
    if "-doh" in _usage(executable):
        command += ["-doh", ""]
    daemon = Daemon("pebble-challtestsrv", command)
    try:
        daemon.wait_for_line("Starting management server")
        _until_it_answers(server)
        yield server
    finally:
        daemon.stop()


def _dns_option(executable: str) -> str:
    """`-dns01` became `-dnsserver` in newer versions."""
    return "-dnsserver" if "-dnsserver" in _usage(executable) else "-dns01"


def _usage(executable: str) -> str:
    done = subprocess.run([executable, "-help"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _until_it_answers(server: ChallTestSrv) -> None:
    """It says that it starts, not that it has started."""
    for attempt in range(100):
        try:
            server.clear_txt("probe.invalid.")
        except OSError:
            if attempt == 99:
                raise
            time.sleep(0.02)
        else:
            return
