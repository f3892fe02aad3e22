"""`stalwart-edge cert renew`: now, or when it is due."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from edge.cli.cert.listing import status_lines
from edge.cli.cert.session import FAILED, NOTHING_TO_DO, cert_options, open_session
from edge.cli.cert.views import Status
from edge.ops.certcalls import Renew


class _Outcome:
    """What the events of a renewal say, for the exit code: the last word for each key type."""

    def __init__(self) -> None:
        self._is_good: dict[object, bool] = {}

    def __call__(self, event: Mapping[str, object]) -> None:
        verdict = {
            # What was obtained before, and could not be served then, is not obtained again.
            "certificate.due": True,
            "certificate.obtained": True,
            "certificate.failed": False,
            "certificate.not_served": False,
        }.get(str(event.get("event")))
        if verdict is not None:
            self._is_good[event.get("key_type")] = verdict

    @property
    def status(self) -> int:
        """The exit code."""
        if not self._is_good:
            return NOTHING_TO_DO
        return 0 if all(self._is_good.values()) else FAILED


@click.command(short_help="Renew a certificate.")
@click.argument("name")
@click.option("--force", is_flag=True, help="Also what is not due yet; limits of the CA apply.")
@cert_options
def renew(
    *, name: str, force: bool, config_path: Path, socket_path: Path | None, as_json: bool
) -> None:
    """Renew what is due of a certificate, and show each step as it is done.

    It also ends a pause after failures: use it once you have corrected something. With Ctrl-C only
    the command ends: a running edge finishes the order, and a broken-off one is taken up again.

    \b
    Exit codes: 0 renewed, 1 failed, 2 wrong usage, 3 nothing was due (--force renews all the same).

    \b
    Examples:
      stalwart-edge cert renew mail.example.org
      stalwart-edge cert renew mail.example.org --force
    """
    session = open_session(config_path, socket_path, as_json=as_json)
    outcome = _Outcome()
    found = session.read(Renew(name=name, force=force), list[Status], outcome)
    if found is not None:
        for line in status_lines(found, datetime.now(UTC)):
            click.echo(line)
        if outcome.status == NOTHING_TO_DO:
            click.echo("Nothing is due; --force renews all the same.")
        elif outcome.status == FAILED:
            click.echo(f"`stalwart-edge cert dry-run {name}` tries it without risk.", err=True)
    sys.exit(outcome.status)
