"""A file on disk -> the resolved tree, or everything that is wrong with it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.config.check import cross_check
from edge.config.convert import convert_file
from edge.config.findings import Findings
from edge.config.places import Places
from edge.config.resolve import assemble, resolve
from edge.config.tree import Config
from edge.errors import Problem

_MAX_FILE_BYTES: Final = 1 << 20
_SYNTAX: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file came to. `config` is None exactly when there are problems."""

    config: Config | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """Read and compile a configuration file. Never raises for what is in it or on disk."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        remedy = "Name the file with --config FILE or in $STALWART_EDGE_CONFIG."
        return _failed(str(path), f"cannot be read: {error.strerror}", remedy)
    if len(data) > _MAX_FILE_BYTES:
        return _failed(str(path), "is larger than 1 MiB", "Is this the configuration?")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _failed(f"{path}:{line}", "is not UTF-8 text", "Save the file as UTF-8.")
    return load_text(text, path, environ)


def load_text(text: str, path: Path, environ: Mapping[str, str]) -> Loaded:
    """The same for a text that stands for the file at `path`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _syntax_error(path, text, str(error))
    except ValueError:
        # An integer of thousands of digits: too long for Python, not wrong for tomllib.
        return _failed(str(path), "holds a number too long to be read", "Write a shorter one.")
    except RecursionError:
        return _failed(str(path), "is nested too deeply", "Write tables, not nested lists.")
    findings = Findings(places=Places(path.name, text))
    raw = convert_file(document, findings)
    draft = resolve(raw, directory=path.parent)
    cross_check(raw, draft, findings)
    config = None
    if raw.edge is not None and not findings.errors:
        config = assemble(raw, draft, raw.edge, path=path, environ=environ)
    return Loaded(config=config, problems=findings.errors, warnings=findings.warnings)


def _syntax_error(path: Path, text: str, error: str) -> Loaded:
    what, line = error, ""
    if match := _SYNTAX.fullmatch(error):
        what, line = match["what"], match["line"] or str(len(text.splitlines()))
        what += f" (column {match['column']})" if match["column"] else " (end of the file)"
    place = f"{path.name}:{line}" if line else path.name
    return _failed(place, f"not TOML: {what}", "Correct the line; strings need double quotes.")


def _failed(place: str, message: str, remedy: str) -> Loaded:
    problem = Problem(place=place, message=message, remedy=remedy)
    return Loaded(config=None, problems=(problem,), warnings=())
