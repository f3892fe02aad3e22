"""`stalwart-edge cert show`: everything about one certificate."""

from pathlib import Path

import click

from edge.cli.cert.session import cert_options, open_session
from edge.cli.cert.words import fields
from edge.ops.certcalls import Show


@click.command(short_help="Everything about one certificate.")
@click.argument("name")
@cert_options
def show(*, name: str, config_path: Path, socket_path: Path | None, as_json: bool) -> None:
    """Show a certificate: its versions, its order, its window of renewal, its failures.

    NAME is the first of its names.

    \b
    Exit codes: 0 shown, 1 failed (also: there is no such certificate), 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert show mail.example.org
      stalwart-edge cert show mail.example.org --json
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    found = session.read(Show(name=name), dict[str, object])
    if found is not None:
        for line in fields(found):
            click.echo(line)
