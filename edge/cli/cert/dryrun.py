"""`stalwart-edge cert dry-run`: a whole order from the CA's test system, nothing stored."""

import sys
from pathlib import Path

import click

from edge.cli.cert.session import FAILED, cert_options, open_session
from edge.cli.cert.words import fields
from edge.ops.certcalls import DryRun


@click.command("dry-run", short_help="Try an order on the CA's test system.")
@click.argument("name")
@cert_options
def dry_run(*, name: str, config_path: Path, socket_path: Path | None, as_json: bool) -> None:
    """Order a certificate from the staging directory of its issuer; nothing is stored or served.

    It proves the names as a real order does, and costs nothing of the CA's limits.

    \b
    Exit codes: 0 it works, 1 it does not, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert dry-run mail.example.org
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    report = session.read(DryRun(name=name), dict[str, object])
    if report is None:
        return
    for line in fields(report):
        click.echo(line)
    if report.get("is_ok") is False or report.get("ok") is False:
        click.echo("An order would fail: correct what is named above, and try again.", err=True)
        sys.exit(FAILED)
    click.echo("It works: nothing was stored.")
