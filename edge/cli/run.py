"""`stalwart-edge run`: serve in the foreground until a signal says stop."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from edge.cli.options import config_option
from edge.cli.problems import show_problems


@click.command(short_help="Serve in the foreground.")
@config_option
def run(config_path: Path) -> None:
    """Serve in the foreground until SIGTERM or SIGINT; a second signal ends at once.

    The configuration is checked first: with any error in it nothing starts, and all errors are
    shown. The log goes to standard error, one JSON object a line.

    \b
    Exit codes: 0 stopped in order, 1 could not start, or a process had to be killed, 2 wrong
    usage.

    \b
    Examples:
      stalwart-edge run
      stalwart-edge run --config ./edge.toml
    """
    # Before anything uses OpenSSL; the other commands do without all of this.
    from edge.run.opensslconf import apply

    apply()

    from edge.config.load import load
    from edge.config.material import load_material
    from edge.ops.log import DirectWriter, Log
    from edge.run.build import BindError, build
    from edge.run.master import Master

    loaded = load(config_path, os.environ)
    show_problems(loaded.problems, ())
    if loaded.config is None:
        _give_up(config_path)
    files = load_material(loaded.config, now=datetime.now(UTC))
    show_problems(files.problems, ())
    if files.material is None:
        _give_up(config_path)
    log = Log(DirectWriter(sys.stderr.fileno()), process="master")
    for warning in (*loaded.warnings, *files.warnings):
        log.warning(
            "config.warning", place=warning.place, message=warning.message, remedy=warning.remedy
        )
    try:
        blueprint = build(loaded.config, files.material)
    except BindError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        click.echo("Is another program on these ports? `ss -ltnp` tells which.", err=True)
        sys.exit(1)
    sys.exit(Master(blueprint).run())


def _give_up(path: Path) -> NoReturn:
    click.echo(f"Not started. `stalwart-edge check {path}` checks again.", err=True)
    sys.exit(1)
