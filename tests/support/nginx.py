"""nginx as an HTTP server behind `listen … proxy_protocol`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.ports import Ports
from tests.support.tools import program


@dataclass(frozen=True, slots=True, kw_only=True)
class Nginx:
    """A running nginx: `root` is what it serves; its access log goes to the journal."""

    port: int
    root: Path
    daemon: Daemon


@contextmanager
def running_nginx(directory: Path, ports: Ports) -> Iterator[Nginx]:
    """nginx in the foreground, one process."""
    executable = program("nginx")
    root = directory / "root"
    root.mkdir(parents=True)
    port = ports.take()
    temporary = "".join(
        f"  {kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = directory / "nginx.conf"
    config.write_text(f"""
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
{temporary}
  log_format client '$proxy_protocol_addr "$request" $status $body_bytes_sent';
  access_log /dev/stdout client;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port} proxy_protocol;
    root {root};
    location = /address {{ return 200 "$proxy_protocol_addr:$proxy_protocol_port\\n"; }}
  }}
}}
""")
    daemon = Daemon("nginx", [executable, "-p", directory, "-c", config])
    try:
        daemon.wait_for_line("OS: Linux")
        yield Nginx(port=port, root=root, daemon=daemon)
    finally:
        daemon.stop()
