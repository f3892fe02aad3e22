"""What every `cert` command does: find who does it, show progress, print the result or why not."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import click
import msgspec

from edge.cli.cert.asking import CallError, Doer, OnEvent, sockets_of
from edge.cli.cert.remote import connect
from edge.cli.cert.words import clean, event_words
from edge.cli.options import config_option
from edge.cli.problems import show_problems
from edge.ops.certcalls import Call

FAILED: Final = 1
NOTHING_TO_DO: Final = 3

_F = TypeVar("_F", bound=Callable[..., object])
_T = TypeVar("_T")


class Session:
    """One command's view of the edge."""

    def __init__(self, doer: Doer, *, as_json: bool) -> None:
        self._doer = doer
        self._as_json = as_json

    def ask(self, call: Call, on_event: OnEvent | None = None) -> bytes:
        """Do it and return JSON; ends the command when it cannot be done.

        Progress goes to standard error, one line an event.
        """

        def show(event: Mapping[str, object]) -> None:
            _show_event(event)
            if on_event is not None:
                on_event(event)

        try:
            return self._doer.call(call, show)
        except CallError as error:
            fail(error, as_json=self._as_json)

    def read(self, call: Call, kind: type[_T], on_event: OnEvent | None = None) -> _T | None:
        """The answer for a person; None when it was printed as JSON instead."""
        answer = self.ask(call, on_event)
        try:
            if self._as_json:
                click.echo(msgspec.json.format(answer).decode())
                return None
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"the answer of the edge cannot be understood: {error}"
            remedy = "Is this command of the same version as the edge? Restart the edge."
            fail(CallError(message, remedy), as_json=self._as_json)


def cert_options(command: _F) -> _F:
    """`--config`, `--socket` and `--json`, as `config_path`, `socket_path`, `as_json`."""
    json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    socket_option = click.option(
        "--socket",
        "socket_path",
        type=click.Path(path_type=Path),
        help="Ask the edge at this socket; the configuration is not read then.",
    )
    return config_option(socket_option(json_option(command)))


def open_session(config_path: Path, socket_path: Path | None, *, as_json: bool) -> Session:
    """Find the edge that runs, else work on the store; ends the command when neither can be."""
    try:
        return Session(_doer(config_path, socket_path), as_json=as_json)
    except CallError as error:
        fail(error, as_json=as_json)


def fail(error: CallError, *, as_json: bool) -> NoReturn:
    """Say it, and what to do; end the command."""
    if as_json:
        problem = {"error": {"message": error.message, "remedy": error.remedy}}
        click.echo(msgspec.json.format(msgspec.json.encode(problem)).decode())
    else:
        click.echo(f"{click.style('error: ', fg='red')}{clean(error.message)}", err=True)
        click.echo(f"    {clean(error.remedy)}", err=True)
    sys.exit(FAILED)


def _doer(config_path: Path, socket_path: Path | None) -> Doer:
    if socket_path is not None:
        remote = connect([socket_path])
        if remote is None:
            remedy = "Start it: stalwart-edge run. Without --socket the store is used."
            raise CallError(f"no edge listens at {socket_path}", remedy)
        return remote
    # Not above: with --socket neither the configuration nor what it loads is needed.
    from edge.config.load import load

    loaded = load(config_path, os.environ)
    if loaded.config is None:
        show_problems(loaded.problems, ())
        raise CallError(
            f"{config_path} cannot be used, so where the edge listens is not known",
            "Correct it, or name the socket: --socket /run/stalwart-edge/admin.sock",
        )
    remote = connect(sockets_of(loaded.config))
    if remote is not None:
        return remote
    from edge.cli.cert.local import open_local

    place = loaded.config.store_dir
    click.echo(f"no edge runs ({loaded.config.admin_socket}): working on {place}", err=True)
    return open_local(loaded.config)


def _show_event(event: Mapping[str, object]) -> None:
    colours = {"warning": "yellow", "error": "red"}
    style = partial(click.style, fg=colours.get(str(event.get("level"))))
    now = datetime.now().astimezone()
    click.echo(f"{now:%H:%M:%S}  {style(event_words(event))}", err=True)
