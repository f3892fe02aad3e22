"""`stalwart-edge check`: everything wrong with a configuration, before it is used."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from click.core import ParameterSource

from edge.cli.options import config_option
from edge.cli.problems import count, show_problems
from edge.config.load import load
from edge.config.material import Material, load_material
from edge.config.schema import json_schema
from edge.config.tree import Config
from edge.errors import Problem


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    file: str
    ok: bool
    errors: list[Problem]
    warnings: list[Problem]


@click.command(short_help="Check a configuration.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file, and end.")
def check(*, file: Path | None, config_path: Path, as_json: bool, schema: bool) -> None:
    """Check a configuration: all errors at once, each with its place and the remedy.

    Certificates and keys are loaded and compared. Nothing is bound, started or written.

    \b
    Exit codes: 0 usable (perhaps with warnings), 1 errors, 2 wrong usage.

    \b
    Examples:
      stalwart-edge check edge.toml
      stalwart-edge check --json | jq '.errors[].place'
      stalwart-edge check --schema > edge.schema.json
    """
    if schema:
        click.echo(msgspec.json.format(msgspec.json.encode(json_schema())).decode())
        return
    is_given = click.get_current_context().get_parameter_source("config_path")
    if file is not None and is_given is ParameterSource.COMMANDLINE:
        raise click.UsageError("name one file: FILE or --config, not both")
    path = file or config_path
    loaded = load(path, os.environ)
    problems, warnings = list(loaded.problems), list(loaded.warnings)
    material = None
    if loaded.config is not None:
        files = load_material(loaded.config, now=datetime.now(UTC), is_dry=True)
        problems += files.problems
        warnings += files.warnings
        material = files.material
    if as_json:
        report = _Report(file=str(path), ok=not problems, errors=problems, warnings=warnings)
        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        show_problems(problems, warnings)
        if loaded.config is not None and material is not None:
            _show_plan(loaded.config, material)
        verdict = count(len(problems), "error") if problems else "ok"
        click.echo(f"{path}: {verdict}, {count(len(warnings), 'warning')}", err=bool(problems))
    sys.exit(1 if problems else 0)


def _show_plan(config: Config, material: Material) -> None:
    for listener in config.listeners:
        bind = ", ".join(map(str, listener.bind))
        servers = ", ".join(map(str, config.backends[listener.backend].servers))
        protocol = listener.protocol.value if listener.protocol else "auto"
        click.echo(f"{listener.name}: {bind}  {listener.mode.value} {protocol}  ->  {servers}")
    if config.acme is not None and config.acme.http_bind:
        bind = ", ".join(map(str, config.acme.http_bind))
        click.echo(f"http-01 and the redirect to https: {bind}")
    for spec, one in zip(config.certificates, material.snapshot.sets, strict=True):
        names = ", ".join(one.names)
        if spec.managed is not None and config.acme is not None:
            issuers = ", ".join(issuer.name for issuer in config.acme.settings.issuers)
            proofs = ", ".join(spec.managed.challenges)
            click.echo(f"certificate {names}: from {issuers} by {proofs}")
            if spec.managed.name in material.bootstrap:
                click.echo("  none yet: the edge obtains it when it runs")
                continue
        for certificate in one.certificates:
            until = certificate.not_after.date().isoformat()
            lead = "  stored" if spec.managed is not None else f"certificate {names}"
            click.echo(f"{lead}: {certificate.key_algorithm}, until {until}")
