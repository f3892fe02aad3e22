"""`stalwart-edge demo`: see the edge at work, with nothing but this machine."""

import asyncio
import importlib.util
import os
import sys

import click

_EXTRA = ("aiosmtpd", "trustme")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines.")
@click.option(
    "--once",
    is_flag=True,
    help="Make one session with every listener, and end: status 0 if all of it worked.",
)
def demo(*, as_json: bool, once: bool) -> None:
    """Run the edge with a local CA in front of a stand-in mail server.

    Prints commands to try and shows each connection as it comes: how the client came, and the
    PROXY header that was sent for it. Everything is on this machine, unprivileged, temporary.
    """
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f"the demo needs {' and '.join(missing)}: pip install 'stalwart-edge[demo]'"
        )
    # Only the demo's own command may load what only the demo needs.
    from edge.demo.json_view import JsonView
    from edge.demo.run import run_demo
    from edge.demo.terminal import style_of_stdout
    from edge.demo.text_view import TextView

    view = JsonView(sys.stdout) if as_json else TextView(sys.stdout, style_of_stdout())
    status = asyncio.run(run_demo(view, is_once=once))
    try:
        sys.stdout.flush()
    except OSError:
        # Nobody reads any more (`| head`): Python would complain at its own last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
