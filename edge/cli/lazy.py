"""Groups of commands that are imported when they are called: `check` must not pay for `run`."""

import importlib
from collections.abc import Mapping

import click


class LazyGroup(click.Group):
    """`verbs` maps a verb to `module:attribute` of its command, in the order of the help."""

    def __init__(self, *, verbs: Mapping[str, str], name: str, help: str) -> None:  # noqa: A002
        super().__init__(
            name=name,
            help=help,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._verbs:
            return None
        module, _, attribute = self._verbs[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command
