"""`stalwart-edge cert export`: chain and private key, for another program."""

import os
from pathlib import Path

import click

import certs
from edge.cli.cert.asking import CallError
from edge.cli.cert.session import cert_options, fail, open_session
from edge.cli.cert.views import Exported
from edge.ops.certcalls import Export


@click.command(short_help="Write chain and key as PEM.")
@click.argument("name")
@click.option(
    "--out",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write fullchain.pem and privkey.pem into this directory, the key for its owner only.",
)
@click.option(
    "--key-type",
    type=click.Choice([kind.value for kind in certs.KeyType]),
    help="Which of several.",
)
@cert_options
def export(
    *,
    name: str,
    directory: Path | None,
    key_type: str | None,
    config_path: Path,
    socket_path: Path | None,
    as_json: bool,
) -> None:
    """Write the chain and the private key that are served now; without --out, to standard output.

    \b
    Exit codes: 0 written, 1 failed, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert export mail.example.org --out /etc/prosody/certs
      stalwart-edge cert export mail.example.org | openssl x509 -noout -dates
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    call = Export(name=name, key_type=None if key_type is None else certs.KeyType(key_type))
    exported = session.read(call, Exported)
    if exported is None:
        return
    if directory is None:
        click.echo(exported.chain_pem + exported.key_pem, nl=False)
        return
    for file_name, content, mode in (
        ("privkey.pem", exported.key_pem, 0o600),
        ("fullchain.pem", exported.chain_pem, 0o644),
    ):
        path = directory / file_name
        try:
            _write(path, content.encode(), mode)
        except OSError as error:
            message = f"{path} cannot be written: {(error.strerror or 'no reason').lower()}"
            fail(CallError(message, "Name a directory you may write to."), as_json=as_json)
        click.echo(path)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file by one rename, so that a reader never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
