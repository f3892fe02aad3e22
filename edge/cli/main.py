"""The command line: one verb a module, loaded only when it is called."""

from typing import Final

from edge.cli.lazy import LazyGroup

_VERBS: Final = ("run", "check", "cert", "version", "demo")
_HELP: Final = """The TLS edge in front of a Stalwart mail server.

    Terminates TLS and STARTTLS for SMTP, IMAP, POP3, ManageSieve and HTTPS, and forwards plaintext
    behind a PROXY header that says which TLS the client used.

    \b
    Examples:
      stalwart-edge demo                          see it work, on this machine alone
      stalwart-edge check edge.toml               all errors at once, with remedies
      stalwart-edge run --config edge.toml        serve in the foreground
      stalwart-edge cert list                     certificates, and when they are renewed
    """

main = LazyGroup(
    name="stalwart-edge",
    verbs={verb: f"edge.cli.{verb}:{verb}" for verb in _VERBS},
    help=_HELP,
)
