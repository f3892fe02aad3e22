"""`stalwart-edge cert list`: every certificate, until when, and what happens next."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import click

from edge.cli.cert.session import cert_options, open_session
from edge.cli.cert.views import Status
from edge.cli.cert.words import clean, moment
from edge.ops.certcalls import ListAll


@click.command("list", short_help="All certificates, and when they are renewed.")
@cert_options
def list_(*, config_path: Path, socket_path: Path | None, as_json: bool) -> None:
    """List certificates: names, issuer, profile, end, next renewal and why then, last error.

    "served" says whether the listeners of the edge were seen serving it.

    \b
    Exit codes: 0 shown, 1 failed, 2 wrong usage.

    \b
    Examples:
      stalwart-edge cert list
      stalwart-edge cert list --json | jq '.[] | select(.last_error)'
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    found = session.read(ListAll(), list[Status])
    if found is not None:
        for line in status_lines(found, datetime.now(UTC)):
            click.echo(line)
        if not found:
            click.echo("There are no certificates.")


def status_lines(found: Iterable[Status], now: datetime) -> Iterator[str]:
    """Statuses in words, those of one certificate together."""
    for _, group in groupby(found, key=lambda status: status.certificate):
        statuses = list(group)
        first = statuses[0]
        names = [first.certificate, *(n for n in first.names if n != first.certificate)]
        yield clean(", ".join(names))
        for status in statuses:
            yield from _lines(status, now)


def _lines(status: Status, now: datetime) -> Iterator[str]:
    kind = f"  {status.key_type or status.source or 'certificate'}"
    if status.is_bootstrap or status.not_after is None:
        yield f"{kind}: none yet" + (", a self-signed one is served" * status.is_bootstrap)
    else:
        origin = status.issuer or status.source or ""
        profile = f" ({status.profile})" if status.profile else ""
        verb = "expired" if status.not_after <= now else "until"
        yield clean(f"{kind}: {origin}{profile}, {verb} {moment(status.not_after, now)}")
        yield f"    served: {_served(status.is_served)}"
    if status.next_renewal_at is not None:
        why = f": {status.renewal_reason}" if status.renewal_reason else ""
        when = "now" if status.next_renewal_at <= now else moment(status.next_renewal_at, now)
        yield clean(f"    next renewal: {when}{why}")
    elif status.renewal_reason:
        yield clean(f"    next renewal: {status.renewal_reason}")
    if status.last_error:
        count = f" ({status.failures} in a row)" if status.failures > 1 else ""
        yield click.style(clean(f"    last error{count}: {status.last_error}"), fg="red")


def _served(is_served: bool | None) -> str:
    if is_served is None:
        return "not known"
    return "yes" if is_served else click.style("no", fg="red")
