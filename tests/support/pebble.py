"""Pebble, Let's Encrypt's own test CA, from the system's package, as strict as it can be.

Debian's 2.4.0 has neither ARI nor profiles; a newer one on PATH has: `Pebble.has_renewal_info`.
"""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from trustme import CA

from tests.support.challtestsrv import ADDRESS, ChallTestSrv
from tests.support.daemon import Daemon
from tests.support.ports import Ports
from tests.support.tools import program

_START_TIMEOUT_S = 30.0  # it makes RSA keys first


@dataclass(frozen=True, slots=True, kw_only=True)
class PebbleOptions:
    """How this Pebble differs from the strictest one."""

    http_port: int
    tls_port: int
    """Where challenges are looked for."""
    nonce_reject_percent: int = 30
    authz_reuse_percent: int = 0
    alternate_roots: int = 0
    chain_length: int = 1
    validity_s: int = 90 * 86400
    blocked: tuple[str, ...] = ()
    eab_keys: Mapping[str, str] = field(default_factory=dict)
    """base64url keys by kid; not empty: a binding is required."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pebble:
    """A running one. Blocking calls."""

    directory: str
    management: str
    ca_bundle: Path
    """What its own certificate is verified with."""
    dns: ChallTestSrv
    options: PebbleOptions

    def roots(self) -> list[bytes]:
        """PEM of each root, the default one first."""
        return [self._ask(f"/roots/{n}") for n in range(1 + self.options.alternate_roots)]

    def status_of(self, serial_number: int) -> str:
        """`Valid` or `Revoked`."""
        # Go prints it without leading zeros; an odd number of digits is what it wants, too.
        return str(json.loads(self._ask(f"/cert-status-by-serial/{serial_number:x}"))["Status"])

    @property
    def has_renewal_info(self) -> bool:
        """Whether this version knows RFC 9773."""
        return "renewalInfo" in self._directory()

    @property
    def has_profiles(self) -> bool:
        return "profiles" in self._directory().get("meta", {})

    def _directory(self) -> dict[str, Any]:
        return dict(json.loads(self._get(self.directory)))

    def _ask(self, path: str) -> bytes:
        return self._get(self.management + path)

    def _get(self, url: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.ca_bundle))
        with urllib.request.urlopen(url, context=context, timeout=10) as response:
            return bytes(response.read())


@contextmanager
def running_pebble(
    directory: Path, ports: Ports, dns: ChallTestSrv, options: PebbleOptions
) -> Iterator[Pebble]:
    """Pebble with `-strict`, asking `dns`."""
    executable = program("pebble")
    directory.mkdir(parents=True, exist_ok=True)
    authority = CA(organization_name="Pebble's own server")
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    own = authority.issue_cert(ADDRESS, "localhost")
    own.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    own.private_key_pem.write_to_path(str(directory / "key.pem"))
    listen, management = (f"{ADDRESS}:{ports.take()}" for _ in range(2))
    config = directory / "pebble.json"
    config.write_text(json.dumps({"pebble": _config(directory, listen, management, options)}))
    daemon = Daemon(
        "pebble",
        [executable, "-config", config, "-strict", "-dnsserver", f"{ADDRESS}:{dns.dns_port}"],
        env=_environment(options),
    )
    try:
        daemon.wait_for_line("ACME directory available", timeout_s=_START_TIMEOUT_S)
        pebble = Pebble(
            directory=f"https://{listen}/dir",
            management=f"https://{management}",
            ca_bundle=directory / "ca.pem",
            dns=dns,
            options=options,
        )
        _until_it_answers(pebble)
        yield pebble
    finally:
        daemon.stop()


def demand_renewal_info(pebble: Pebble) -> None:
    """Skip, also in CI: Debian's Pebble is the promised one, and has none."""
    if not pebble.has_renewal_info:
        pytest.skip("this Pebble is older than 2.6: no ARI")


def demand_profiles(pebble: Pebble) -> None:
    """Skip, also in CI: Debian's Pebble is the promised one, and has none."""
    if not pebble.has_profiles:
        pytest.skip("this Pebble is older than 2.7: no profiles")


def _config(
    directory: Path, listen: str, management: str, options: PebbleOptions
) -> dict[str, object]:
    return {
        "listenAddress": listen,
        "managementListenAddress": management,
        "certificate": str(directory / "cert.pem"),
        "privateKey": str(directory / "key.pem"),
        "httpPort": options.http_port,
        "tlsPort": options.tls_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": bool(options.eab_keys),
        "externalAccountMACKeys": dict(options.eab_keys),
        "domainBlocklist": list(options.blocked),
        "certificateValidityPeriod": options.validity_s,
        # For newer versions, which ignore the line above; older ones ignore this.
        "profiles": {
            "default": {"description": "the default", "validityPeriod": options.validity_s},
            "shortlived": {"description": "six days", "validityPeriod": 518_400},
        },
    }


def _environment(options: PebbleOptions) -> dict[str, str]:
    return {
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_WFE_NONCEREJECT": str(options.nonce_reject_percent),
        "PEBBLE_AUTHZREUSE": str(options.authz_reuse_percent),
        "PEBBLE_ALTERNATE_ROOTS": str(options.alternate_roots),
        "PEBBLE_CHAIN_LENGTH": str(options.chain_length),
    }


def _until_it_answers(pebble: Pebble) -> None:
    """It says where the directory is before it listens there."""
    for attempt in range(200):
        try:
            pebble.roots()
            assert pebble.has_renewal_info in {True, False}
        except urllib.error.URLError:
            if attempt == 199:
                raise
            time.sleep(0.02)
        else:
            return
