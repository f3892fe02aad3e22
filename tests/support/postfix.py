"""Postfix behind `smtpd_upstream_proxy_protocol = haproxy`, delivering to one file a message."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import chown

from tests.support.daemon import Daemon
from tests.support.ports import Ports
from tests.support.tools import program

DOMAIN = "example.net"

SERVICES = """
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
virtual   unix  - n n - - virtual
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running Postfix that takes mail for any user of `DOMAIN`."""

    port: int
    daemon: Daemon
    maildir: Path
    """Of all users together."""

    def delivered(self, user: str) -> bytes:
        """The one message of `user`, once the log says that it was sent."""
        self.daemon.lines.wait_for(
            lambda line: f"to=<{user}@{DOMAIN}>" in line and "status=sent" in line,
            f"delivery to {user}",
            timeout_s=20,
        )
        mark = f"Delivered-To: {user}@{DOMAIN}\n".encode()
        messages = [path.read_bytes() for path in (self.maildir / "new").iterdir()]
        (message,) = [message for message in messages if mark in message]
        return message


@contextmanager
def running_postfix(directory: Path, ports: Ports) -> Iterator[Postfix]:
    """Postfix in the foreground, all of it below `directory`."""
    executable = program("postfix")
    config, queue, data, maildir = (
        directory / part for part in ("config", "queue", "data", "maildir")
    )
    for part in (config, queue, data, maildir):
        part.mkdir(parents=True)
    chown(data, "postfix")
    maildir.chmod(0o777)
    port = ports.take()
    (config / "main.cf").write_text(_main(queue, data, maildir))
    (config / "master.cf").write_text(f"127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}")
    daemon = Daemon("postfix", [executable, "-c", config, "start-fg"])
    try:
        daemon.wait_for_line("daemon started")
        yield Postfix(port=port, daemon=daemon, maildir=maildir / "all")
    finally:
        # The program in the foreground is a shell script, which waits for the real master.
        master = queue / "pid" / "master.pid"
        if master.exists():
            os.kill(int(master.read_text()), signal.SIGTERM)
            daemon.wait()
        else:
            daemon.stop()


def _main(queue: Path, data: Path, maildir: Path) -> str:
    return f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
maillog_file = /dev/stdout
myhostname = postfix.example.net
mydestination =
local_recipient_maps =
mynetworks = 192.0.2.1
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_upstream_proxy_protocol = haproxy
smtpd_upstream_proxy_timeout = 5s
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_helo_required = yes
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {maildir}
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
mailbox_size_limit = 0
virtual_mailbox_limit = 0
message_size_limit = 0
"""
