"""`make bench`, or `python -m tests.bench [WORK ...]`."""

import os
import shutil
import ssl
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.bench import __doc__ as explanation
from tests.bench.cpu import cpu_seconds, memory_kib
from tests.bench.work import ALL, Work, connect
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.pki import Pki
from tests.support.ports import Ports

_ROUNDS: Final = 3
_START_S: Final = 20.0


def main(names: list[str]) -> None:
    """Measure the named kinds of work, or all."""
    works = [work for work in ALL if not names or work.name in names]
    if not works:
        sys.exit(f"choose from: {', '.join(work.name for work in ALL)}")
    print(explanation)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        directory = Path(folder)
        ports = Ports("bench")
        pki = Pki(directory)
        raw, smtp, tls, starttls, peer = (ports.take() for _ in range(5))
        for port, mode in ((raw, "raw"), (smtp, "smtp")):
            _start(stack, 1, [sys.executable, "-m", "tests.bench.backend", str(port), mode])
        config = directory / "edge.toml"
        config.write_text(
            edge_toml(
                pki,
                directory,
                Listener(port=tls, backend="raw", mode="tls", protocol="raw"),
                Listener(port=starttls, backend="smtp", mode="starttls", protocol="smtp"),
                Backend(name="raw", server=raw),
                Backend(name="smtp", server=smtp),
            )
        )
        command = Path(sysconfig.get_path("scripts")) / "stalwart-edge"
        programs = {"edge": _start(stack, 0, [str(command), "run", "--config", str(config)])}
        fronts = {"edge": tls}
        if shutil.which("haproxy"):
            programs["haproxy"] = _start(
                stack, 0, ["haproxy", "-db", "-f", str(_haproxy(directory, pki, peer, raw))]
            )
            fronts["haproxy"] = peer
        context = pki.client_context()
        for port in fronts.values():
            _wait_for(context, port)
        _table(works, programs, fronts, starttls, context)


def _table(
    works: list[Work],
    programs: dict[str, int],
    fronts: dict[str, int],
    starttls: int,
    context: ssl.SSLContext,
) -> None:
    print(f"{'work':15}{'unit':17}" + "".join(f"{name:>10}" for name in programs) + f"{'x':>8}")
    for work in works:
        costs = {
            name: statistics.median(
                _cost(work, pid, starttls if work.is_starttls else fronts[name], context)
                for _ in range(_ROUNDS)
            )
            for name, pid in programs.items()
            if name == "edge" or not work.is_starttls
        }
        ratio = f"{costs['haproxy'] / costs['edge']:8.2f}" if len(costs) > 1 else ""
        cells = (f"{costs[name]:.1f}" if name in costs else "-" for name in programs)
        row = "".join(f"{cell:>10}" for cell in cells)
        print(f"{work.name:15}{work.unit:17}{row}{ratio}", flush=True)


def _cost(work: Work, pid: int, port: int, context: ssl.SSLContext) -> float:
    before_cpu, before_kib = cpu_seconds(pid), memory_kib(pid)
    held = work.run(context, port)
    if not isinstance(held, list):
        return (cpu_seconds(pid) - before_cpu) / work.units * 1e6
    cost = (memory_kib(pid) - before_kib) / work.units
    for sock in held:
        sock.close()
    return cost


def _start(stack: ExitStack, processor: int, command: list[str]) -> int:
    """Start a program on one processor; ended with the measurement."""
    pinned = ["taskset", "-c", str(processor % (os.cpu_count() or 1)), *command]
    process = subprocess.Popen(pinned, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end() -> None:
        process.terminate()
        process.wait(40)

    stack.callback(end)
    return process.pid


def _haproxy(directory: Path, pki: Pki, port: int, backend: int) -> Path:
    both = directory / "both.pem"
    both.touch(mode=0o600)
    both.write_bytes(pki.ecdsa.key.read_bytes() + pki.ecdsa.cert.read_bytes())
    config = directory / "haproxy.cfg"
    config.write_text(
        f"""global
  nbthread 1
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen l
  bind 127.0.0.1:{port} ssl crt {both}
  server s 127.0.0.1:{backend} send-proxy-v2-ssl proxy-v2-options ssl,ssl-cipher
"""
    )
    return config


def _wait_for(context: ssl.SSLContext, port: int) -> None:
    ends_at = time.monotonic() + _START_S
    while True:
        try:
            connect(context, port, None).close()
        except OSError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
