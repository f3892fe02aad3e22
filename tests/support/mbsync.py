"""mbsync (isync), which pulls one mailbox into a Maildir."""

from pathlib import Path

from tests.support.pki import Pki
from tests.support.tools import Finished, run


def mbsync(directory: Path, pki: Pki, host: str, port: int, user: str, ssl_type: str) -> Finished:
    """Pull INBOX of `user` into `directory`/inbox; `ssl_type` as in its manual (SSLType)."""
    config = directory / "mbsyncrc"
    config.write_text(f"""
IMAPAccount edge
Host {host}
Port {port}
User {user}
Pass secret
SSLType {ssl_type}
CertificateFile {pki.ecdsa.cert}
SystemCertificates no
AuthMechs LOGIN PLAIN
Timeout 15

IMAPStore far
Account edge

MaildirStore near
Path {directory}/
Inbox {directory}/inbox

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState {directory}/
""")
    return run("mbsync", "--config", str(config), "all")
