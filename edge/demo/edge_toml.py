"""The configuration that the demo's edge runs with, written as an operator would write it."""

import json
from collections.abc import Iterable
from pathlib import Path

from edge.config.tree import Mode
from edge.core.protocol import Protocol
from edge.demo.authority import CertificateFiles
from edge.demo.places import SERVER_NAME, Place


def edge_toml(places: Iterable[Place], files: CertificateFiles, state_dir: Path) -> str:
    """The text of edge.toml. Mail listeners say `protocol = "auto"`: the edge finds out."""
    tables = [
        f'[edge]\nhostname = "{SERVER_NAME}"\nworkers = 1\nstate_dir = {_path(state_dir)}\n',
        f'[[certificate]]\nnames = ["{SERVER_NAME}", "*.demo.test"]\nsource = "files"',
        f"cert = {_path(files.chain)}\nkey = {_path(files.key)}\n",
        '[drain]\non_stop = "1s"\n',
        *(_listener(place) for place in places),
    ]
    return "\n".join(tables)


def _path(path: Path) -> str:
    """A basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(str(path))


def _listener(place: Place) -> str:
    service = place.service
    binds = ", ".join(f'"{bind}"' for bind in place.binds)
    lines = [
        "[[listener]]",
        f'name = "{service.name}"',
        f"bind = [{binds}]",
        f'mode = "{service.mode}"',
        # HTTP has no greeting to learn from.
        f'protocol = "{"http" if service.protocol is Protocol.HTTP else "auto"}"',
        f'backend = "{service.name}"',
    ]
    if service.mode is Mode.STARTTLS:
        lines.append(f"require_tls = {str(service.require_tls).lower()}")
    lines += ["", "[[backend]]", f'name = "{service.name}"', f'servers = ["{place.backend}"]', ""]
    return "\n".join(lines)
