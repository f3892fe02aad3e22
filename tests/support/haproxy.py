"""HAProxy `accept-proxy`: the strictest reader of PROXY headers, before a server that echoes.

It verifies the CRC32C, refuses an AUTHORITY that it does not like, and logs what it understood.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.fake_backend import FakeBackend
from tests.support.ports import Ports
from tests.support.scripts import echo, greet_and
from tests.support.tools import program


@dataclass(frozen=True, slots=True, kw_only=True)
class Haproxy:
    """A running HAProxy; it logs a line at the end of each connection."""

    port: int
    daemon: Daemon


@contextmanager
def running_haproxy(directory: Path, ports: Ports) -> Iterator[Haproxy]:
    """HAProxy in the foreground, with its log on stdout."""
    executable = program("haproxy")
    directory.mkdir(parents=True)
    port = ports.take()
    echo_port = ports.take()
    config = directory / "haproxy.cfg"
    config.write_text(f"""
global
  log stdout format raw local0
  # A header may reach it in pieces only; small maps keep its start short.
  maxconn 200
defaults
  mode tcp
  log global
  timeout connect 5s
  timeout client 1m
  timeout server 1m
frontend headers
  bind 127.0.0.1:{port} accept-proxy
  log-format "src=%ci:%cp dst=%fi:%fp auth=%[fc_pp_authority] id=%[fc_pp_unique_id]"
  default_backend echo
backend echo
  server echo 127.0.0.1:{echo_port}
""")
    with FakeBackend(greet_and("imap", echo), port=echo_port, proxy_protocol="off"):
        daemon = Daemon("haproxy", [executable, "-W", "-f", config])
        try:
            daemon.wait_for_line("Loading success")
            yield Haproxy(port=port, daemon=daemon)
        finally:
            daemon.stop()
