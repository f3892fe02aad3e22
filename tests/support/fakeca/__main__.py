"""The CA as a process: prints one line of JSON with its addresses, runs until SIGTERM."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.support.fakeca.core import Reach
from tests.support.fakeca.faults import Faults
from tests.support.fakeca.server import ADDRESS, running_fake_ca


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.fakeca", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="ca.pem is written here")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--management-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, default=80, help="where http-01 is looked for")
    parser.add_argument("--tls-port", type=int, default=443, help="where tls-alpn-01 is looked for")
    parser.add_argument("--dns-port", type=int, help="a DNS server on loopback, for dns-01")
    asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> None:
    reach = Reach(
        http_port=options.http_port,
        tls_port=options.tls_port,
        dns_server=None if options.dns_port is None else (ADDRESS, options.dns_port),
    )
    async with running_fake_ca(
        options.directory,
        port=options.port,
        management_port=options.management_port,
        reach=reach,
        faults=Faults(validation="real"),
    ) as ca:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        addresses = {
            "directory": ca.directory,
            "ca_bundle": str(ca.ca_bundle),
            "management": f"http://{ADDRESS}:{options.management_port}",
        }
        print(json.dumps(addresses), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    main()
