"""`stalwart-edge cert`: certificates that the edge obtains and renews, in the hands of a person.

Each verb asks the control process over its unix socket; when none runs, the same operations work
on the store itself, from this process. What is asked is a call of `edge.ops.certcalls` either way.
"""

from typing import Final

from edge.cli.lazy import LazyGroup

_VERBS: Final = {
    "list": "listing:list_",
    "show": "show:show",
    "renew": "renew:renew",
    "dry-run": "dryrun:dry_run",
    "revoke": "revoke:revoke",
    "import": "importing:import_",
    "export": "exporting:export",
    "account": "account:account",
    "tlsa": "tlsa:tlsa",
}
_HELP: Final = """See, renew, revoke, import and export certificates.

    The commands ask the edge that runs, over its unix socket ([admin] socket). When none runs they
    work on the store in `state_dir`; then only dns-01 can prove names.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 there was nothing to do.

    \b
    Examples:
      stalwart-edge cert list
      stalwart-edge cert dry-run mail.example.org
      stalwart-edge cert renew mail.example.org --force
    """

cert = LazyGroup(
    name="cert",
    verbs={verb: f"edge.cli.cert.{place}" for verb, place in _VERBS.items()},
    help=_HELP,
)
