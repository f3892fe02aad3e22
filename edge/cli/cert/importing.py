"""`stalwart-edge cert import`: serve a certificate that was obtained elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from edge.cli.cert.asking import CallError
from edge.cli.cert.listing import status_lines
from edge.cli.cert.session import cert_options, fail, open_session
from edge.cli.cert.views import Status
from edge.ops.certcalls import Import

_MAX_PEM_BYTES: Final = 131_072
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import", short_help="Serve a certificate from elsewhere.")
@click.argument("name")
@click.option("--cert", "chain_path", required=True, type=_FILE, help="PEM, the leaf first.")
@click.option("--key", "key_path", required=True, type=_FILE, help="PEM without a passphrase.")
@cert_options
def import_(
    *,
    name: str,
    chain_path: Path,
    key_path: Path,
    config_path: Path,
    socket_path: Path | None,
    as_json: bool,
) -> None:
    """Store a certificate with its key under NAME, and serve it from the next handshake on.

    NAME is the first name of a certificate with source "acme" in the configuration: the imported
    one must have all its names. When it is due it is renewed as if the edge had obtained it, so
    moving here from another ACME client costs no order.

    \b
    Exit codes: 0 imported, 1 failed, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert import mail.example.org \\
          --cert /etc/letsencrypt/live/mail.example.org/fullchain.pem \\
          --key /etc/letsencrypt/live/mail.example.org/privkey.pem
    """
    try:
        call = Import(name=name, key_pem=_read(key_path), chain_pem=_read(chain_path))
    except CallError as error:
        fail(error, as_json=as_json)
    session = open_session(config_path, socket_path, as_json=as_json)
    found = session.read(call, Status)
    if found is None:
        return
    for line in status_lines([found], datetime.now(UTC)):
        click.echo(line)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_PEM_BYTES + 1)
    except OSError as error:
        message = f"{path} cannot be read: {(error.strerror or 'unreadable').lower()}"
        raise CallError(message, "Name a file that you may read.") from error
    if len(content) > _MAX_PEM_BYTES or b"-----BEGIN " not in content:
        raise CallError(f"{path} holds no PEM", "It begins with -----BEGIN.")
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        message = f"{path} holds no PEM"
        raise CallError(message, "Remove what is not ASCII between the blocks.") from None
