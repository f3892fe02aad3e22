"""A program of the operator's for dns-01: it tells pebble-challtestsrv."""

import sys
from pathlib import Path

from tests.support.challtestsrv import ChallTestSrv

_PROGRAM = """#!{python}
import json, sys, urllib.request
verb, name, value = sys.argv[1:]
path, body = ("/set-txt", {{"host": name, "value": value}})
if verb == "cleanup":
    path, body = ("/clear-txt", {{"host": name}})
urllib.request.urlopen("http://127.0.0.1:{port}" + path, json.dumps(body).encode(), 10).close()
"""


def dns_toml(dns: ChallTestSrv, directory: Path) -> str:
    """`[acme.dns]` with this program, which is written into `directory`."""
    program = directory / "hook"
    program.write_text(_PROGRAM.format(python=sys.executable, port=dns.management_port))
    program.chmod(0o700)
    return f'[acme.dns]\nprovider = "exec"\nprogram = "{program}"\ncheck_propagation = false\n'
