"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

DEFAULT_CONFIG: Final = "/etc/stalwart-edge/edge.toml"

_F = TypeVar("_F", bound=Callable[..., object])


def config_option(command: _F) -> _F:
    """`--config FILE`, as `config_path`."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="STALWART_EDGE_CONFIG",
        default=DEFAULT_CONFIG,
        show_default=True,
        show_envvar=True,
        help="The configuration file.",
    )(command)
