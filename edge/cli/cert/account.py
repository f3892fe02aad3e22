"""`stalwart-edge cert account`: the accounts at the issuers."""

from pathlib import Path

import click

from edge.cli.cert.session import cert_options, open_session
from edge.cli.cert.words import fields
from edge.ops.certcalls import Accounts, RollOver


@click.group(short_help="Accounts at the issuers.")
def account() -> None:
    """See the accounts at the issuers, and give them new keys.

    \b
    Examples:
      stalwart-edge cert account show
      stalwart-edge cert account rollover
    """


@account.command(short_help="Accounts, and the terms you agreed to.")
@cert_options
def show(*, config_path: Path, socket_path: Path | None, as_json: bool) -> None:
    """Show each account: its address at the CA, its contact, and where the CA's terms are.

    \b
    Exit codes: 0 shown, 1 failed, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert account show
      stalwart-edge cert account show --json | jq '.[].terms_url'
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    found = session.read(Accounts(), list[dict[str, object]])
    if found is not None:
        _print(found)


@account.command(short_help="Give accounts a new key.")
@click.option("--issuer", help="Only at this one; the name in [[acme.issuer]].")
@cert_options
def rollover(
    *, issuer: str | None, config_path: Path, socket_path: Path | None, as_json: bool
) -> None:
    """Replace the key of the account at each issuer (RFC 8555 section 7.3.5).

    The account stays, and with it all that the CA knows of it. Certificates are not touched.

    \b
    Exit codes: 0 replaced, 1 failed, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert account rollover
      stalwart-edge cert account rollover --issuer letsencrypt
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    found = session.read(RollOver(issuer=issuer), list[dict[str, object]])
    if found is not None:
        _print(found)
        click.echo("Done: new keys are in use.")


def _print(accounts: list[dict[str, object]]) -> None:
    for line in fields(accounts):
        click.echo(line)
    if not accounts:
        click.echo("There is no account yet: the first order makes one.")
