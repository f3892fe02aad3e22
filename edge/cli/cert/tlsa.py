"""`stalwart-edge cert tlsa`: DANE records, ready for a zone file."""

import sys
from pathlib import Path

import click

from edge.cli.cert.session import NOTHING_TO_DO, cert_options, open_session
from edge.cli.cert.views import Tlsa as Record
from edge.cli.cert.words import clean
from edge.ops.certcalls import Tlsa


@click.command(short_help="DANE records of a certificate.")
@click.argument("name")
@click.option("--port", default=25, show_default=True, help="Of the service in the zone's lines.")
@cert_options
def tlsa(
    *, name: str, port: int, config_path: Path, socket_path: Path | None, as_json: bool
) -> None:
    """Print TLSA records `3 1 1` (RFC 7672) for the current key and for the next one.

    Publish both. Once the records of the next key have been in the DNS for their TTL, the next
    renewal breaks nobody's DANE; with `reuse_key = true` both are the same.

    \b
    Exit codes: 0 printed, 1 failed, 2 wrong usage, 3 there is no key yet.

    \b
    Examples:
      stalwart-edge cert tlsa mail.example.org
      stalwart-edge cert tlsa mail.example.org --port 465
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    records = session.read(Tlsa(name=name), list[Record])
    if records is None:
        return
    if not records:
        click.echo(f"There is no key yet: `stalwart-edge cert show {name}` tells why.", err=True)
        sys.exit(NOTHING_TO_DO)
    for record in records:
        which = "next key" if record.is_next else "current key"
        what = clean(f"{which}, {record.key_type}" if record.key_type else which)
        click.echo(f"_{port}._tcp.{clean(name)}. IN TLSA {clean(record.record)} ; {what}")
