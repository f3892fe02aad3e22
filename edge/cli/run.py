"""`stalwart-edge run`: serve in the foreground until a signal says stop."""

import os
import sys
from pathlib import Path

import click

from edge.cli.options import config_option


@click.command(short_help="Serve in the foreground.")
@config_option
def run(config_path: Path) -> None:
    """Serve in the foreground until SIGTERM or SIGINT.

    The configuration is checked first: with any error in it nothing starts, and all errors are
    shown. The log goes to standard error, one JSON object a line.

    \b
    Exit codes: 0 stopped in order, 1 could not start or had to be cut off, 2 wrong usage.

    \b
    Examples:
      stalwart-edge run
      stalwart-edge run --config ./edge.toml
    """
    # Before anything uses OpenSSL; `check` and `version` do without all of this.
    from edge.run.opensslconf import apply  # noqa: PLC0415

    apply()
