"""`stalwart-edge version`: what runs here, and which TLS this platform can speak."""

import platform
import ssl
from importlib.metadata import version as distribution_version

import click
import msgspec
from cryptography.hazmat.backends.openssl import backend

import edge
from edge.cli.platform import offered_groups, offered_versions


class _Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    stalwart_edge: str
    python: str
    openssl: str
    cryptography: str
    cryptography_openssl: str
    msgspec: str
    uvloop: str
    tls_versions: list[str]
    key_exchange_groups: list[str]
    post_quantum: bool


@click.command(short_help="Versions, and the TLS this platform offers.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def version(*, as_json: bool) -> None:
    """Show versions, and which TLS versions and key-exchange groups this platform offers.

    Versions and groups are not read from a table: each is tried in a handshake in memory.

    \b
    Examples:
      stalwart-edge version
      stalwart-edge version --json | jq .key_exchange_groups
    """
    groups = offered_groups()
    report = _Versions(
        stalwart_edge=edge.__version__,
        python=platform.python_version(),
        openssl=ssl.OPENSSL_VERSION,
        cryptography=distribution_version("cryptography"),
        cryptography_openssl=backend.openssl_version_text(),
        msgspec=distribution_version("msgspec"),
        uvloop=distribution_version("uvloop"),
        tls_versions=offered_versions(),
        key_exchange_groups=groups,
        post_quantum=any("MLKEM" in group for group in groups),
    )
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
        return
    click.echo(f"stalwart-edge {report.stalwart_edge}")
    click.echo(f"Python {report.python}, {report.openssl}")
    click.echo(f"cryptography {report.cryptography} ({report.cryptography_openssl})")
    click.echo(f"msgspec {report.msgspec}, uvloop {report.uvloop}")
    click.echo(f"TLS versions: {', '.join(report.tls_versions)}")
    click.echo(f"key exchange: {', '.join(groups)}")
    if not report.post_quantum:
        click.echo("no post-quantum key exchange: it needs Python built with OpenSSL 3.5 or later")
