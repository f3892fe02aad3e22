"""edge.toml, written from what differs between tests."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.pki import HOSTNAME, Pair, Pki

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One `[[listener]]`; `options` are further keys as the file has them."""

    port: int
    backend: str
    name: str = ""
    mode: str = "starttls"
    protocol: str = "auto"
    hosts: tuple[str, ...] = ("127.0.0.1",)
    options: Mapping[str, Value] = field(default_factory=dict)

    def toml(self) -> str:
        """The table as text."""
        return _table(
            "listener",
            {
                "name": self.name or f"{self.backend}-{self.mode}",
                "bind": [f"{host}:{self.port}" for host in self.hosts],
                "mode": self.mode,
                "protocol": self.protocol,
                "backend": self.backend,
                **self.options,
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One `[[backend]]`; `server` is a port of 127.0.0.1 or an address as the file has it."""

    name: str
    server: int | str
    options: Mapping[str, Value] = field(default_factory=dict)

    def toml(self) -> str:
        """The table as text."""
        server = self.server if isinstance(self.server, str) else f"127.0.0.1:{self.server}"
        return _table("backend", {"name": self.name, "servers": [server], **self.options})


def edge_toml(
    pki: Pki,
    directory: Path,
    *tables: Listener | Backend,
    certificates: Mapping[str, Sequence[Pair]] | None = None,
    workers: int = 1,
    top: Mapping[str, Value] | None = None,
) -> str:
    """The whole file. `certificates` maps a name to its pairs; by default the ECDSA and RSA pair.

    `top` adds tables in front, such as `{"log": {"level": "debug"}}`.
    """
    text = _section(
        "edge",
        {"hostname": HOSTNAME, "workers": workers, "state_dir": str(directory / "state")},
    )
    # A session that a failed test left open is not to hold up the end of all tests.
    for name, values in {"drain": {"on_stop": "3s"}, **(top or {})}.items():
        assert isinstance(values, Mapping)
        text += _section(name, values)
    for name, pairs in (certificates or {HOSTNAME: [pki.ecdsa, pki.rsa]}).items():
        text += _table(
            "certificate",
            {
                "names": [name],
                "source": "files",
                "cert": [str(pair.cert) for pair in pairs],
                "key": [str(pair.key) for pair in pairs],
            },
        )
    return text + "".join(table.toml() for table in tables)


def _section(name: str, values: Mapping[str, Value]) -> str:
    return f"[{name}]\n{_lines(values)}\n"


def _table(name: str, values: Mapping[str, Value]) -> str:
    return f"[[{name}]]\n{_lines(values)}\n"


def _lines(values: Mapping[str, Value]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Value) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # Strings, numbers and booleans are written alike in JSON and TOML.
    return json.dumps(value)
