"""`stalwart-edge cert revoke`: tell the world not to trust a certificate any more."""

import sys
from pathlib import Path
from typing import get_args

import click
import msgspec

from edge.cli.cert.session import cert_options, open_session
from edge.cli.cert.words import fields
from edge.ops.certcalls import Reason, Revoke


@click.command(short_help="Revoke a certificate.")
@click.argument("name")
@click.option(
    "--reason",
    required=True,
    type=click.Choice(get_args(Reason)),
    help="keyCompromise: others may have the key.",
)
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@cert_options
def revoke(
    *,
    name: str,
    reason: str,
    is_sure: bool,
    config_path: Path,
    socket_path: Path | None,
    as_json: bool,
) -> None:
    """Revoke a certificate. It cannot be taken back, and gives nothing back of the CA's limits.

    On a terminal it asks first. With keyCompromise the next certificate gets another key, whatever
    `reuse_key` says, and no TLS session is resumed.

    \b
    Exit codes: 0 revoked, 1 failed, or not confirmed, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert revoke mail.example.org --reason superseded
      stalwart-edge cert revoke mail.example.org --reason keyCompromise --yes
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    if not is_sure and sys.stdin.isatty():
        click.confirm(f"Revoke the certificate {name} ({reason})?", abort=True, err=True)
    call = msgspec.convert({"name": name, "reason": reason}, Revoke)
    result = session.read(call, object)
    if result is not None:
        for line in fields(result):
            click.echo(line)
        click.echo(f"Revoked. `stalwart-edge cert show {name}` shows what replaces it.")
