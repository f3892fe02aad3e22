"""The command line: one verb a module, loaded only when it is called."""

import importlib
from typing import Final

import click

_VERBS: Final = ("run", "check", "version", "demo")


class _Verbs(click.Group):
    """Each verb is `edge.cli.VERB:VERB`: `check` must not pay for what `run` imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command = getattr(importlib.import_module(f"edge.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def main() -> None:
    """The TLS edge in front of a Stalwart mail server.

    Terminates TLS and STARTTLS for SMTP, IMAP, POP3, ManageSieve and HTTPS, and forwards plaintext
    behind a PROXY header that says which TLS the client used.

    \b
    Examples:
      stalwart-edge demo                          see it work, on this machine alone
      stalwart-edge check edge.toml               all errors at once, with remedies
      stalwart-edge run --config edge.toml        serve in the foreground
    """
