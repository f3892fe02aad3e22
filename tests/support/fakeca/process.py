"""The CA as a process of its own, for tests of the whole edge."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.support.daemon import Daemon
from tests.support.fakeca.record import Record
from tests.support.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeCaProcess:
    """Blocking calls, for tests without an event loop."""

    directory: str
    ca_bundle: Path
    management: str

    def change(self, **faults: Any) -> None:
        """Turn knobs: the fields of `Faults`, as JSON."""
        self._ask("PATCH", "/faults", json.dumps(faults).encode())

    def record(self) -> Record:
        """The counters now."""
        return msgspec.json.decode(self._ask("GET", "/record"), type=Record)

    def certificates(self) -> list[dict[str, Any]]:
        """All that were issued, oldest first."""
        return list(json.loads(self._ask("GET", "/certificates")))

    def roots_pem(self) -> bytes:
        return self._ask("GET", "/roots")

    def forget_accounts(self) -> None:
        self._ask("POST", "/forget-accounts")

    def forget_nonces(self) -> None:
        self._ask("POST", "/forget-nonces")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.management + path, data=body, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return bytes(response.read())


@contextmanager
def running_fake_ca_process(
    directory: Path,
    ports: Ports,
    *,
    http_port: int,
    tls_port: int,
    dns_port: int | None = None,
) -> Iterator[FakeCaProcess]:
    """A CA that really validates, at these ports of this machine."""
    command = [sys.executable, "-m", "tests.support.fakeca", "--directory", directory]
    command += ["--port", ports.take(), "--management-port", ports.take()]
    command += ["--http-port", http_port, "--tls-port", tls_port]
    if dns_port is not None:
        command += ["--dns-port", dns_port]
    daemon = Daemon("fake ca", [str(word) for word in command])
    try:
        addresses = json.loads(daemon.wait_for_line('"directory"'))
        yield FakeCaProcess(
            directory=addresses["directory"],
            ca_bundle=Path(addresses["ca_bundle"]),
            management=addresses["management"],
        )
    finally:
        daemon.stop()
