"""`stalwart-edge demo`: see the edge at work, with nothing but this machine."""

import asyncio
import importlib.util
import sys

import click

_EXTRA = ("aiosmtpd", "trustme")


@click.command(short_help="See it at work, with nothing but this machine.")
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

    \b
    Exit codes: 0 ended by Ctrl-C, or all sessions of --once worked; 1 something failed.

    \b
    Examples:
      stalwart-edge demo
      stalwart-edge demo --once
    """
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f"the demo needs {' and '.join(missing)}: pip install 'stalwart-edge[demo]'"
        )
    # Only the demo's own command may load what only the demo needs.
    from edge.demo.json_view import JsonView
    from edge.demo.run import run_demo
    from edge.demo.terminal import Output, style_of_stdout
    from edge.demo.text_view import TextView

    out = Output(sys.stdout)
    view = JsonView(out.write) if as_json else TextView(out.write, style_of_stdout())
    sys.exit(asyncio.run(run_demo(view, is_once=once)))
