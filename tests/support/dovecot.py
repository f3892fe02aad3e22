"""Dovecot 2.3: IMAP, POP3, ManageSieve and submission, each behind `haproxy = yes`.

Any password is right, but `disable_plaintext_auth` accepts it only over what Dovecot takes for
TLS; behind a PROXY header that is the SSL TLV. The login line in its log has `secured` then, and
`rip=` is the client as the header gave it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.daemon import Daemon
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.tools import program

# (service, inet_listeners that the packages define, protocol as the tests name it)
SERVICES = (
    ("imap-login", ("imap", "imaps"), "imap"),
    ("pop3-login", ("pop3", "pop3s"), "pop3"),
    ("managesieve-login", ("sieve",), "sieve"),
    ("submission-login", ("submission", "submissions"), "smtp"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """A running Dovecot: the port of each protocol, and its log."""

    ports: Mapping[str, int]
    daemon: Daemon
    mail: Path
    """Of each user a Maildir."""

    def login_line(self, user: str) -> str:
        """What it logged of the login of `user`; use a user name of its own in each test."""
        return self.daemon.wait_for_line(f"Login: user=<{user}>")


@contextmanager
def running_dovecot(
    directory: Path, ports: Ports, pki: Pki, *, relay_port: int
) -> Iterator[Dovecot]:
    """Dovecot in the foreground; submission relays mail to 127.0.0.1:`relay_port`."""
    executable = program("dovecot")
    for part in ("run", "state", "mail"):
        (directory / part).mkdir(parents=True)
    # Mail belongs to the user nobody.
    (directory / "mail").chmod(0o777)
    taken = {protocol: ports.take() for _, _, protocol in SERVICES}
    config = directory / "dovecot.conf"
    config.write_text(_configuration(directory, pki, taken, relay_port))
    daemon = Daemon("dovecot", [executable, "-F", "-c", config])
    try:
        daemon.wait_for_line("starting up")
        yield Dovecot(ports=taken, daemon=daemon, mail=directory / "mail")
    finally:
        daemon.stop()


def _configuration(directory: Path, pki: Pki, ports: Mapping[str, int], relay_port: int) -> str:
    services = "".join(
        _service(service, defaults, protocol, ports[protocol])
        for service, defaults, protocol in SERVICES
    )
    return f"""
protocols = imap pop3 sieve submission
listen = 127.0.0.1
base_dir = {directory}/run
state_dir = {directory}/state
log_path = /dev/stderr
ssl = yes
ssl_cert = <{pki.ecdsa.cert}
ssl_key = <{pki.ecdsa.key}
disable_plaintext_auth = yes
login_trusted_networks =
haproxy_trusted_networks = 127.0.0.0/8
haproxy_timeout = 3s
mail_location = maildir:{directory}/mail/%u
submission_relay_host = 127.0.0.1
submission_relay_port = {relay_port}
hostname = dovecot.example.org
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={directory}/mail/%u
}}
{services}"""


def _service(service: str, defaults: tuple[str, ...], protocol: str, port: int) -> str:
    off = "".join(f"  inet_listener {name} {{\n    port = 0\n  }}\n" for name in defaults)
    return (
        f"service {service} {{\n{off}"
        f"  inet_listener {protocol}_haproxy {{\n    port = {port}\n    haproxy = yes\n  }}\n}}\n"
    )
